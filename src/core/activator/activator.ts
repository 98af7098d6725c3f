/**
 * The activator of one revision: holds requests while there is no free pod, hands out pods first come first served, and
 * keeps the ledger of what it handed out. Knows nothing of how pods come to be; the machine tells it which are ready.
 *
 *     arrive ──▶ lease          pods are ready and isolates may choose among them (no limit, or Serve mode)
 *            ──▶ queue ──▶ ticket | lease | refused         in order of arrival, whenever `pump` finds a free slot
 *            ──▶ refused        the queue is full, or waiting cannot help
 */
import type { AcquireRequest } from "../protocol/admission.ts";
import { HoldQueue, type Waiter } from "./hold-queue.ts";
import { newPodLoad, type PodCount, type PodLoad, reconcileLoad, type Ticket, upgradeTicket } from "./ledger.ts";
import { pickPod } from "./policy.ts";

/** Requests that one revision holds at most. */
export const MAX_HELD = 5_000;

export type Grant = { readonly requestId: string; readonly heldMs: number; readonly isCold: boolean } & (
  | { readonly kind: "ticket"; readonly ticketId: string; readonly podId: string }
  | { readonly kind: "lease" }
);

export type Arrival = { readonly outcome: "queued" } | { readonly outcome: "full" };

export class Activator {
  readonly #queue = new HoldQueue();
  readonly #tickets = new Map<string, { readonly podId: string; readonly requestId: string }>();
  /** The pods that take requests, in a stable order. */
  #pods: PodLoad[] = [];
  /** Also those that left and still have tickets out, until `forgetPod`. */
  readonly #loads = new Map<string, PodLoad>();
  #cursor = 0;
  #nextTicket = 1;
  #mode: "Proxy" | "Serve" = "Proxy";

  get held(): number {
    return this.#queue.size;
  }

  get ticketed(): number {
    return this.#tickets.size;
  }

  setMode(mode: "Proxy" | "Serve"): void {
    this.#mode = mode;
  }

  /**
   * The private service changed. A pod that left takes nothing new; its tickets count until they come back, also when it
   * returns.
   * @param isKnownIdle see newPodLoad; asked for pods that were not ready before
   */
  setReadyPods(
    podIds: readonly string[],
    capacity: number,
    isKnownIdle: (podId: string) => boolean,
    nowMs: number,
  ): void {
    this.#pods = podIds.map((podId) => {
      const known = this.#loads.get(podId) ?? newPodLoad(podId, capacity, isKnownIdle(podId), nowMs);
      this.#loads.set(podId, known);
      return known;
    });
  }

  isWaiting(requestId: string): boolean {
    return this.#queue.has(requestId);
  }

  /** A request came; `pump` decides when it goes on. A request that was waiting already keeps its place. */
  arrive(request: AcquireRequest, nowMs: number): Arrival {
    if (this.#queue.size >= MAX_HELD && !this.#queue.has(request.requestId)) return { outcome: "full" };
    const waiting = this.#queue.get(request.requestId);
    this.#queue.add({
      requestId: request.requestId,
      arrivedAtMs: request.arrivedAtMs,
      deadlineMs: request.deadlineMs,
      enqueuedAtMs: waiting?.enqueuedAtMs ?? nowMs,
      avoidPods: request.avoidPods,
      isCold: waiting?.isCold ?? this.#pods.length === 0,
      needTicket: request.needTicket,
    });
    return { outcome: "queued" };
  }

  /** @returns whether the request was waiting */
  cancel(requestId: string): boolean {
    return this.#queue.remove(requestId) !== undefined;
  }

  /**
   * Gives pods to waiters in order, as far as slots reach. A waiter that must have a ticket and finds no slot holds up
   * other tickets only: leases take no slot of the ledger.
   */
  pump(nowMs: number): Grant[] {
    const grants: Grant[] = [];
    for (let waiter = this.#queue.first(); waiter !== undefined; waiter = this.#queue.first()) {
      const grant = this.#grantTo(waiter, nowMs);
      if (grant === null) break;
      this.#queue.remove(waiter.requestId);
      grants.push(grant);
    }
    if (!this.#isLeasing || this.#queue.leasable === 0) return grants;
    for (const waiter of this.#takeWhere(({ needTicket }) => !needTicket)) {
      grants.push({ ...heldFor(waiter, nowMs), kind: "lease" });
    }
    return grants;
  }

  /** Waiters whose deadline has passed; they leave the queue. */
  expire(nowMs: number): Waiter[] {
    return this.#takeWhere((waiter) => waiter.deadlineMs <= nowMs);
  }

  /** Waiters that have been here for `ageMs`; they leave the queue. */
  takeOlderThan(ageMs: number, nowMs: number): Waiter[] {
    return this.#takeWhere((waiter) => waiter.enqueuedAtMs + ageMs <= nowMs);
  }

  /** Every waiter, in order; the queue is empty afterwards. */
  takeAll(): Waiter[] {
    return this.#takeWhere(() => true);
  }

  /** A ticket came back. Idempotent: a disposer may run twice. @returns whether it was out */
  release(ticketId: string): boolean {
    const ticket = this.#tickets.get(ticketId);
    if (ticket === undefined) return false;
    this.#tickets.delete(ticketId);
    this.#loads.get(ticket.podId)?.tickets.delete(ticketId);
    return true;
  }

  /** A ticket's answer was a 101. The request no longer counts here; its slot stays taken. */
  upgrade(ticketId: string, nowMs: number): boolean {
    const ticket = this.#tickets.get(ticketId);
    if (ticket === undefined) return false;
    this.#tickets.delete(ticketId);
    const pod = this.#loads.get(ticket.podId);
    if (pod !== undefined) upgradeTicket(pod, ticketId, nowMs);
    return true;
  }

  /** A queue-proxy counted. @returns tickets that turned out to be leaked */
  reconcile(podId: string, count: PodCount, measuredAtMs: number): Ticket[] {
    const pod = this.#loads.get(podId);
    if (pod === undefined) return [];
    const leaked = reconcileLoad(pod, count, measuredAtMs);
    for (const ticket of leaked) this.#tickets.delete(ticket.ticketId);
    return leaked;
  }

  /** The pod ended: nothing can come back from it. @returns how many tickets were out on it */
  forgetPod(podId: string): number {
    const tickets = [...(this.#loads.get(podId)?.tickets.keys() ?? [])];
    for (const ticketId of tickets) this.#tickets.delete(ticketId);
    this.#loads.delete(podId);
    return tickets.length;
  }

  /**
   * Requests in the pods that came by a ticket and that no ticket stands for any more: open sockets, and requests of
   * this object's previous life. Their queue-proxies call them proxied, so that only this object counts them.
   */
  get untracked(): number {
    let count = 0;
    for (const pod of this.#loads.values()) count += pod.sockets.size + pod.inherited;
    return count;
  }

  /** Slots of the pod that this object gave away and that were not returned: tickets and open sockets. */
  outstanding(podId: string): number {
    const pod = this.#loads.get(podId);
    return pod === undefined ? 0 : pod.tickets.size + pod.sockets.size;
  }

  #grantTo(waiter: Waiter, nowMs: number): Grant | null {
    const capacity = this.#pods[0]?.capacity;
    if (capacity === undefined) return null;
    const common = heldFor(waiter, nowMs);
    if (capacity === 0 || (this.#isLeasing && !waiter.needTicket)) return { ...common, kind: "lease" };
    const choice = pickPod(this.#pods, this.#cursor, waiter.avoidPods, this.#mode === "Serve", nowMs);
    if (choice === null) return null;
    this.#cursor = choice.cursor;
    const ticketId = `t${this.#nextTicket}`;
    this.#nextTicket += 1;
    const { podId } = choice.pod;
    choice.pod.tickets.set(ticketId, { ticketId, requestId: waiter.requestId, grantedAtMs: nowMs });
    this.#tickets.set(ticketId, { podId, requestId: waiter.requestId });
    return { ...common, kind: "ticket", ticketId, podId };
  }

  /** Pods are ready and isolates choose among them for themselves. */
  get #isLeasing(): boolean {
    return this.#mode === "Serve" && this.#pods.length > 0;
  }

  #takeWhere(matches: (waiter: Waiter) => boolean): Waiter[] {
    const taken = this.#queue.all().filter(matches);
    for (const waiter of taken) this.#queue.remove(waiter.requestId);
    return taken;
  }
}

function heldFor(waiter: Waiter, nowMs: number) {
  return { requestId: waiter.requestId, heldMs: nowMs - waiter.enqueuedAtMs, isCold: waiter.isCold };
}
