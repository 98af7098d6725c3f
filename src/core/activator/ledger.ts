/**
 * Who occupies the slots of a revision's pods, as far as the Revision object knows. The queue-proxy enforces the limit;
 * the ledger only schedules, so it may be a little wrong for a moment and must never stay wrong.
 *
 * A pod with the limit `capacity` has these occupants:
 *
 *     tickets    granted by this object, until disposed
 *     sockets    tickets that became upgraded connections, until the agent no longer lists their request id
 *     direct     requests that isolates sent with a lease (Serve mode), as the queue-proxy last counted them
 *     inherited  requests with tickets of this object's previous life, as the queue-proxy counts them
 *
 * After a reset the ledger is empty while requests may be on their way to a pod, so a pod that it did not see start is
 * taken as full until the queue-proxy has reported in-flight counts measured FLIGHT_MS later, or UNKNOWN_LIMIT_MS passed.
 */

/** A grant given before a reset has reached its queue-proxy after this long. */
export const FLIGHT_MS = 1_000;
/** A pod whose agent does not report is believed to be idle after this long. */
export const UNKNOWN_LIMIT_MS = 10_000;
/** A ticket older than this must be visible in the queue-proxy's count, or it was leaked and is dropped. */
export const TICKET_TTL_MS = 15_000;
/** A socket must be listed by the agent after this long, or it has closed. */
export const SOCKET_GRACE_MS = 2_500;

export type PodLoad = {
  readonly podId: string;
  /** Requests at once; 0 = no limit. */
  readonly capacity: number;
  readonly tickets: Map<string, Ticket>;
  /** Request id → when the socket took over the slot. */
  readonly sockets: Map<string, number>;
  direct: number;
  inherited: number;
  /** The pod is full until a count measured at or after this time arrives; null = known. */
  unknownSinceMs: number | null;
};

export type Ticket = { readonly ticketId: string; readonly requestId: string; readonly grantedAtMs: number };

/** What a queue-proxy counted at one moment, of the pod's PodStats. */
export type PodCount = {
  readonly inFlight: number;
  readonly proxiedInFlight: number;
  readonly sockets: readonly string[];
};

/** @param isKnownIdle the pod became ready during this object's life, so nobody else can have requests in it */
export function newPodLoad(podId: string, capacity: number, isKnownIdle: boolean, nowMs: number): PodLoad {
  return {
    podId,
    capacity,
    tickets: new Map(),
    sockets: new Map(),
    direct: 0,
    inherited: 0,
    unknownSinceMs: isKnownIdle ? null : nowMs,
  };
}

/** Requests that the ledger believes to be in the pod. */
export function occupied(pod: PodLoad): number {
  return pod.tickets.size + pod.sockets.size + pod.direct + pod.inherited;
}

/**
 * @param isServing  isolates send to the pods with leases too (mode Serve). Their number is known once a second only, so
 *   tickets do not wait for it: as many as the limit go beside them into the pod's queue, where the queue-proxy keeps a
 *   place for them (core/queue-proxy/breaker.ts).
 * @returns free slots, Infinity without a limit, 0 while the pod's load is unknown after a reset
 */
export function freeSlots(pod: PodLoad, isServing: boolean, nowMs: number): number {
  if (pod.capacity === 0) return Number.POSITIVE_INFINITY;
  if (pod.unknownSinceMs !== null && nowMs < pod.unknownSinceMs + UNKNOWN_LIMIT_MS) return 0;
  return Math.max(0, pod.capacity - occupied(pod) + (isServing ? pod.direct : 0));
}

/** The ticket's answer was a 101: the slot stays taken by the socket. */
export function upgradeTicket(pod: PodLoad, ticketId: string, nowMs: number): void {
  const ticket = pod.tickets.get(ticketId);
  if (ticket === undefined) return;
  pod.tickets.delete(ticketId);
  pod.sockets.set(ticket.requestId, nowMs);
}

/**
 * Brings the ledger back to what the queue-proxy counted.
 * @param measuredAtMs when it counted, on the edge's clock; may be a little late
 * @returns tickets that were dropped because nothing of them is in the pod (leaked)
 */
export function reconcileLoad(pod: PodLoad, count: PodCount, measuredAtMs: number): Ticket[] {
  pod.direct = Math.max(0, count.inFlight - count.proxiedInFlight);
  const open = new Set(count.sockets);
  for (const [requestId, sinceMs] of pod.sockets) {
    if (measuredAtMs >= sinceMs + SOCKET_GRACE_MS && !open.has(requestId)) pod.sockets.delete(requestId);
  }
  // Sockets of a previous life that the agent still lists are slots too.
  const ours = pod.tickets.size + pod.sockets.size;
  const beyondOurs = Math.max(0, count.proxiedInFlight - ours);
  if (pod.unknownSinceMs !== null) {
    if (measuredAtMs >= pod.unknownSinceMs + FLIGHT_MS) {
      pod.unknownSinceMs = null;
      pod.inherited = beyondOurs;
    }
  } else {
    pod.inherited = Math.min(pod.inherited, beyondOurs);
  }
  return dropLeaked(pod, count.proxiedInFlight, open, measuredAtMs);
}

/**
 * Only old tickets are weighed against the count: a younger one may be on its way in or out, and a socket may have closed,
 * which says nothing against a long request that is there. Old tickets 2, in flight 3, one of them a socket of ours: none
 * is leaked; in flight 2: one is.
 */
function dropLeaked(pod: PodLoad, proxiedInFlight: number, open: ReadonlySet<string>, measuredAtMs: number): Ticket[] {
  const old = [...pod.tickets.values()].filter((ticket) => ticket.grantedAtMs + TICKET_TTL_MS <= measuredAtMs);
  const sockets = [...pod.sockets.keys()].filter((requestId) => open.has(requestId)).length;
  const leaked = old.slice(0, Math.max(0, old.length - Math.max(0, proxiedInFlight - sockets)));
  for (const ticket of leaked) pod.tickets.delete(ticket.ticketId);
  return leaked;
}
