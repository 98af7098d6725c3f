/**
 * The records of one pod on disk:
 *
 *     <state>/pods/<pod id>/pod.json   what it is and which process it is; written before the pod counts
 *                           pid        the shim's pid, in case the agent died before pod.json was written
 *                           exit       the exit code, once it ended
 *                           log log.1  its output, newest in `log`
 */
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { StartOrder } from "../driver.ts";
import type { ProcessIdentity } from "./process-identity.ts";

const LOG_TAIL_BYTES = 16 * 1024;

export type PodRecord = StartOrder & {
  readonly version: 1;
  readonly port: number;
  readonly process: ProcessIdentity;
  readonly isStopRequested: boolean;
};

export class PodFolder {
  readonly path: string;

  constructor(podsFolder: string, podId: string) {
    this.path = join(podsFolder, podId);
  }

  /** The folders of all pods. */
  static list(podsFolder: string): PodFolder[] {
    return readdirSync(podsFolder).map((name) => new PodFolder(podsFolder, name));
  }

  get logPath(): string {
    return join(this.path, "log");
  }

  create(): void {
    mkdirSync(this.path, { recursive: true });
  }

  /** Atomic: a crash leaves the record that was there before. */
  write(record: PodRecord): void {
    const path = join(this.path, "pod.json");
    writeFileSync(`${path}.tmp`, JSON.stringify(record));
    renameSync(`${path}.tmp`, path);
  }

  /** @returns null when there is none, or it is not one of this version */
  read(): PodRecord | null {
    try {
      const record = JSON.parse(readFileSync(join(this.path, "pod.json"), "utf8")) as Partial<PodRecord>;
      return record.version === 1 ? (record as PodRecord) : null;
    } catch {
      return null;
    }
  }

  /** @returns null while the shim has not written it */
  exitCode(): number | null {
    return this.#number("exit");
  }

  shimPid(): number | null {
    return this.#number("pid");
  }

  logTail(lineCount: number): string {
    let file: number;
    try {
      file = openSync(this.logPath, "r");
    } catch {
      return "";
    }
    try {
      const sizeBytes = fstatSync(file).size;
      const bytes = Buffer.alloc(Math.min(sizeBytes, LOG_TAIL_BYTES));
      const readBytes = readSync(file, bytes, 0, bytes.length, sizeBytes - bytes.length);
      return bytes.toString("utf8", 0, readBytes).trimEnd().split("\n").slice(-lineCount).join("\n");
    } finally {
      closeSync(file);
    }
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  #number(name: string): number | null {
    let text: string;
    try {
      text = readFileSync(join(this.path, name), "latin1");
    } catch {
      return null;
    }
    return text.endsWith("\n") ? Number.parseInt(text, 10) : null;
  }
}
