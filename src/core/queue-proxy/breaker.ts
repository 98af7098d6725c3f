/**
 * The breaker: lets a bounded number of requests run, keeps a bounded number waiting in order of arrival, and turns the
 * rest away. It decides; the shell starts what it names.
 *
 *     maybe ──▶ running (≤ capacity) ──▶ finished
 *        └────▶ queued  (FIFO) ────────▶ running, or canceled
 *        └────▶ rejected, once queued + running + reserved = queueDepth + maxConcurrency
 *
 * The limit on what may be pending does not move with the capacity: with capacity 0 everything waits.
 * Source: semantics of Knative's serving/pkg/queue/breaker.go, commit 98e5ef90; vectors `breaker`.
 */

/** Requests that may wait in one queue-proxy per request that may run: containerConcurrency × 10. */
export const QUEUE_DEPTH_PER_CONCURRENCY = 10;

/**
 * @param W what stands for a waiting request; compared by identity, so that it can be canceled
 */
export class Breaker<W> {
  readonly #pendingLimit: number;
  readonly #maxConcurrency: number;
  /** Insertion order is the order of arrival; a Set also gives up a waiter in the middle without a scan. */
  readonly #waiting = new Set<W>();
  #capacity: number;
  #running = 0;
  #reserved = 0;

  /**
   * @param queueDepth requests that may wait beyond maxConcurrency, ≥ 1
   * @param maxConcurrency the highest capacity there can be, ≥ 0
   * @param initialCapacity requests that may run now, 0..maxConcurrency
   * @throws RangeError that names the parameter
   */
  constructor(queueDepth: number, maxConcurrency: number, initialCapacity: number) {
    if (!(queueDepth > 0)) throw new RangeError(`queueDepth: ${queueDepth} must be greater than 0`);
    if (!(maxConcurrency >= 0)) throw new RangeError(`maxConcurrency: ${maxConcurrency} must be 0 or more`);
    if (!(initialCapacity >= 0 && initialCapacity <= maxConcurrency)) {
      throw new RangeError(`initialCapacity: ${initialCapacity} must be between 0 and ${maxConcurrency}`);
    }
    this.#pendingLimit = queueDepth + maxConcurrency;
    this.#maxConcurrency = maxConcurrency;
    this.#capacity = initialCapacity;
  }

  get capacity(): number {
    return this.#capacity;
  }
  get running(): number {
    return this.#running;
  }
  get queued(): number {
    return this.#waiting.size;
  }
  get reserved(): number {
    return this.#reserved;
  }
  /** Queued, running and reserved. */
  get inFlight(): number {
    return this.#waiting.size + this.#running + this.#reserved;
  }

  /**
   * A request arrives. On "running" the caller starts it and owes a `finish`; on "queued" it is named later.
   * @param placesOfItsOwn how far beyond the limit on pending requests this one may still come in. Rouse's addition: a
   *   ticketed request was counted by the activator, so leased ones that fill the queue must not keep it out.
   */
  maybe(waiter: W, placesOfItsOwn = 0): "running" | "queued" | "rejected" {
    if (this.inFlight >= this.#pendingLimit + placesOfItsOwn) return "rejected";
    if (this.#hasRoom()) {
      this.#running += 1;
      return "running";
    }
    this.#waiting.add(waiter);
    return "queued";
  }

  /** A running request ended. @returns the waiter that runs in its place, to be started now */
  finish(): W | undefined {
    if (this.#running === 0) return undefined;
    this.#running -= 1;
    return this.#startNext();
  }

  /** A waiting request gives up. @returns false when it was not waiting (any more) */
  cancel(waiter: W): boolean {
    return this.#waiting.delete(waiter);
  }

  /** All waiting requests give up: the pod is gone. @returns them, first come first */
  cancelAll(): W[] {
    const waiters = [...this.#waiting];
    this.#waiting.clear();
    return waiters;
  }

  /**
   * Takes a slot without running anything, or fails at once. Nobody here reserves: the edge keeps its own ledger of slots.
   * It is kept, like releaseReserved and updateConcurrency, so that Knative's vectors run whole against this breaker.
   */
  reserve(): boolean {
    if (this.inFlight >= this.#pendingLimit || !this.#hasRoom()) return false;
    this.#reserved += 1;
    return true;
  }

  /** Gives a reserved slot back; see reserve. @returns the waiter that runs in its place */
  releaseReserved(): W | undefined {
    if (this.#reserved === 0) return undefined;
    this.#reserved -= 1;
    return this.#startNext();
  }

  /**
   * Changes how many may run, cut to 0..maxConcurrency. What runs is never stopped. For Knative's vectors, see reserve: a
   * pod's limit is its revision's, and a revision does not change.
   * @returns the waiters that run from now on, first come first
   */
  updateConcurrency(capacity: number): W[] {
    this.#capacity = Math.min(Math.max(0, capacity), this.#maxConcurrency);
    const started: W[] = [];
    for (let next = this.#startNext(); next !== undefined; next = this.#startNext()) started.push(next);
    return started;
  }

  #hasRoom(): boolean {
    return this.#running + this.#reserved < this.#capacity;
  }

  #startNext(): W | undefined {
    if (this.#waiting.size === 0 || !this.#hasRoom()) return undefined;
    const [next] = this.#waiting;
    if (next === undefined) return undefined;
    this.#waiting.delete(next);
    this.#running += 1;
    return next;
  }
}
