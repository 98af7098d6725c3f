/**
 * The activator's queue: requests that wait for a pod, in the order in which the gateways received them. Arrivals are
 * almost always the newest, so the queue is an array that grows at its end and shrinks at its head:
 *
 *     items   [ · · · a b ✗ c d ]      ✗ = cancelled, skipped when the head reaches it
 *                     ▲ head
 *
 * A waiter that comes late with an early arrival time (asked again after a reset of the object) is inserted by time.
 */

export type Waiter = {
  readonly requestId: string;
  readonly arrivedAtMs: number;
  readonly deadlineMs: number;
  /** When this object first saw it. */
  readonly enqueuedAtMs: number;
  readonly avoidPods: readonly string[];
  /** No pod was ready when it came. */
  readonly isCold: boolean;
  readonly needTicket: boolean;
};

type Slot = { readonly waiter: Waiter; isGone: boolean };

/** Below this many spent slots the array is not compacted. */
const COMPACT_AT = 1024;

export class HoldQueue {
  #items: Slot[] = [];
  #head = 0;
  readonly #byId = new Map<string, Slot>();

  get size(): number {
    return this.#byId.size;
  }

  has(requestId: string): boolean {
    return this.#byId.has(requestId);
  }

  /** Adds a waiter at its place by arrival; one that is already there (the same request, asked again) is replaced. */
  add(waiter: Waiter): void {
    this.remove(waiter.requestId);
    const slot: Slot = { waiter, isGone: false };
    this.#byId.set(waiter.requestId, slot);
    let at = this.#items.length;
    while (at > this.#head && (this.#items[at - 1]?.waiter.arrivedAtMs ?? 0) > waiter.arrivedAtMs) at -= 1;
    if (at === this.#items.length) this.#items.push(slot);
    else this.#items.splice(at, 0, slot);
  }

  /** @returns the waiter that left, or undefined when it was not waiting */
  remove(requestId: string): Waiter | undefined {
    const slot = this.#byId.get(requestId);
    if (slot === undefined) return undefined;
    slot.isGone = true;
    this.#byId.delete(requestId);
    this.#skipGone();
    return slot.waiter;
  }

  /** The waiter whose turn it is. */
  first(): Waiter | undefined {
    return this.#items[this.#head]?.waiter;
  }

  /** All waiters in order; a snapshot, so that the caller may remove while it walks. */
  all(): Waiter[] {
    const waiters: Waiter[] = [];
    for (let at = this.#head; at < this.#items.length; at += 1) {
      const slot = this.#items[at];
      if (slot !== undefined && !slot.isGone) waiters.push(slot.waiter);
    }
    return waiters;
  }

  #skipGone(): void {
    while (this.#items[this.#head]?.isGone === true) this.#head += 1;
    if (this.#head >= COMPACT_AT && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
  }
}
