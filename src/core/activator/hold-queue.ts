/**
 * The activator's queue: requests that wait for a pod, in the order in which the gateways received them. Arrivals are
 * almost always the newest, so the queue is an array that grows at its end and shrinks at its head:
 *
 *     items   [ · · · a b ✗ c d ]      ✗ = cancelled, skipped when the head reaches it
 *                     ▲ head
 *
 * A waiter that comes late with an early arrival time (asked again after a reset of the object) is inserted by time.
 * Slots of cancelled waiters behind a head that waits long are swept out when they are most of the array.
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

type Slot = { waiter: Waiter; isGone: boolean };

/** Below this many spent slots the array is not compacted. */
const COMPACT_AT = 1024;

export class HoldQueue {
  #items: Slot[] = [];
  #head = 0;
  readonly #byId = new Map<string, Slot>();
  #needingTicket = 0;

  get size(): number {
    return this.#byId.size;
  }

  /** Places in memory, those of cancelled waiters included. */
  get slots(): number {
    return this.#items.length;
  }

  /** Waiters that a lease would serve. */
  get leasable(): number {
    return this.#byId.size - this.#needingTicket;
  }

  get(requestId: string): Waiter | undefined {
    return this.#byId.get(requestId)?.waiter;
  }

  has(requestId: string): boolean {
    return this.#byId.has(requestId);
  }

  /** Adds a waiter at its place by arrival; one that is already there (the same request, asked again) is replaced. */
  add(waiter: Waiter): void {
    const known = this.#byId.get(waiter.requestId);
    if (known?.waiter.arrivedAtMs === waiter.arrivedAtMs) {
      this.#needingTicket += Number(waiter.needTicket) - Number(known.waiter.needTicket);
      known.waiter = waiter;
      return;
    }
    this.remove(waiter.requestId);
    const slot: Slot = { waiter, isGone: false };
    this.#byId.set(waiter.requestId, slot);
    this.#needingTicket += Number(waiter.needTicket);
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
    this.#needingTicket -= Number(slot.waiter.needTicket);
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
    const spent = this.#items.length - this.#byId.size;
    if (spent >= COMPACT_AT && spent * 2 > this.#items.length) {
      this.#items = this.#items.filter((slot) => !slot.isGone);
      this.#head = 0;
    }
  }
}
