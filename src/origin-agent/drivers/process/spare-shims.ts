/**
 * Shims that were started ahead, for the next cold starts. They are replaced a moment later, when
 * the pod that took one has probably started.
 */
import type { Logger } from "pino";
import { Shim } from "./shim.ts";

/** A service that wakes another one; a burst beyond that pays for its shims itself. */
const SPARES = 2;
const REFILL_DELAY_MS = 250;

export class SpareShims {
  readonly #log: Logger;
  #waiting: Shim[] = [];
  #refill: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(log: Logger) {
    this.#log = log;
    this.#refillSoon();
  }

  get waitingPids(): number[] {
    return this.#waiting.filter((shim) => shim.isWaiting).map((shim) => shim.identity.pid);
  }

  /** @throws Error when the machine gives no process */
  async take(): Promise<Shim> {
    this.#refillSoon();
    this.#waiting = this.#waiting.filter((shim) => shim.isWaiting);
    return this.#waiting.shift() ?? Shim.spawn();
  }

  close(): void {
    this.#isClosed = true;
    if (this.#refill !== null) clearTimeout(this.#refill);
    for (const shim of this.#waiting) shim.dismiss();
    this.#waiting = [];
  }

  #refillSoon(): void {
    if (this.#isClosed || this.#refill !== null) return;
    this.#refill = setTimeout(() => void this.#fill(), REFILL_DELAY_MS);
    this.#refill.unref();
  }

  async #fill(): Promise<void> {
    this.#refill = null;
    try {
      while (!this.#isClosed && this.#waiting.length < SPARES) {
        const shim = await Shim.spawn();
        this.#waiting.push(shim);
      }
      if (this.#isClosed) this.close();
    } catch (error) {
      // The next start tries it itself, and tells whoever waits for it.
      this.#log.warn({ error }, "no process could be started ahead");
    }
  }
}
