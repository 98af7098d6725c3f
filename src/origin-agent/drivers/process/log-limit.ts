/**
 * Keeps the logs of pods bounded: what is longer than the limit is copied to `log.1` and cut. Processes keep their open
 * file (O_APPEND), so nothing has to be told to them; lines written between the copy and the cut are lost.
 */
import { copyFile, stat, truncate } from "node:fs/promises";

export const LOG_LIMIT_BYTES = 8 * 1024 * 1024;
const CHECK_INTERVAL_MS = 5_000;

export class LogLimit {
  readonly #paths = new Set<string>();
  readonly #timer: NodeJS.Timeout;
  readonly #limitBytes: number;
  #isChecking = false;

  constructor(limitBytes = LOG_LIMIT_BYTES, intervalMs = CHECK_INTERVAL_MS) {
    this.#limitBytes = limitBytes;
    this.#timer = setInterval(() => void this.check(), intervalMs);
    this.#timer.unref();
  }

  watch(path: string): void {
    this.#paths.add(path);
  }

  unwatch(path: string): void {
    this.#paths.delete(path);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async check(): Promise<void> {
    if (this.#isChecking) return;
    this.#isChecking = true;
    try {
      for (const path of this.#paths) await cutIfLong(path, this.#limitBytes);
    } finally {
      this.#isChecking = false;
    }
  }
}

async function cutIfLong(path: string, limitBytes: number): Promise<void> {
  try {
    if ((await stat(path)).size <= limitBytes) return;
    await copyFile(path, `${path}.1`);
    await truncate(path, 0);
  } catch {
    // The pod's folder went away meanwhile, or the disk is full: the next check tries again.
  }
}
