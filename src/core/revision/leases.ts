/**
 * Endpoint leases: which pods an isolate may call without asking, and until when. A pod that was leased must not be
 * stopped before the last lease on it has expired.
 */

/** A lease is good for this long; isolates renew it in the background from half of it on. */
export const LEASE_TTL_MS = 10_000;
/** A ticket's grant must reach the queue-proxy within this time. */
export const TICKET_GRANT_TTL_MS = 10_000;
/** A lease names at most this many pods; a larger private service is handed out in rotating slices. */
export const MAX_LEASED_PODS = 64;

export class Leases {
  readonly #untilMs = new Map<string, number>();
  #offset = 0;
  readonly #inheritedUntilMs: number;

  /** @param startedAtMs when this object's life began: leases of the life before it may still be out */
  constructor(startedAtMs: number) {
    this.#inheritedUntilMs = startedAtMs + LEASE_TTL_MS;
  }

  /** @returns the pods of one lease and when it ends; they are on record as leased until then */
  grant(
    podIds: readonly string[],
    nowMs: number,
  ): { readonly podIds: readonly string[]; readonly expiresAtMs: number } {
    const expiresAtMs = nowMs + LEASE_TTL_MS;
    const slice = this.#slice(podIds);
    for (const podId of slice) this.#untilMs.set(podId, expiresAtMs);
    return { podIds: slice, expiresAtMs };
  }

  /** When the last lease on the pod ends; in the past when there is none. */
  expiryOf(podId: string): number {
    return this.#untilMs.get(podId) ?? this.#inheritedUntilMs;
  }

  /** The pod became ready in this life: nobody can have a lease on it. */
  addFresh(podId: string): void {
    this.#untilMs.set(podId, 0);
  }

  forget(podId: string): void {
    this.#untilMs.delete(podId);
  }

  #slice(podIds: readonly string[]): readonly string[] {
    if (podIds.length <= MAX_LEASED_PODS) return podIds;
    const start = this.#offset % podIds.length;
    this.#offset = start + MAX_LEASED_PODS;
    return [...podIds.slice(start), ...podIds.slice(0, start)].slice(0, MAX_LEASED_PODS);
  }
}
