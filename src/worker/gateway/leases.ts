/**
 * Endpoint leases of this isolate: pods that it may call without asking. Data only; a renewal runs in the background of
 * whichever request finds it due.
 */
import type { Endpoint } from "../../core/protocol/admission.ts";
import type { LeaseRenewal } from "../../core/protocol/objects.ts";
import type { Background, GatewayEnv } from "./env.ts";

/** A grant is not used in its last moments: it has to reach the queue-proxy in time. */
const SAFETY_MS = 500;
/** A renewal that did not come back is tried again after this long. */
const RENEWAL_TIMEOUT_MS = 3_000;
/** Revisions with a lease per isolate; the one that was used longest ago goes first. */
const MAX_LEASES = 5_000;

type Lease = {
  endpoints: readonly Endpoint[];
  cursor: number;
  readonly isLimited: boolean;
  readonly usableUntilMs: number;
  readonly renewAtMs: number;
  renewingSinceMs: number;
};

const leases = new Map<string, Lease>();

/** Remembers the lease that an `acquire` brought. */
export function keepLease(revisionUid: string, { endpoints, expiresAtMs, isLimited }: LeaseRenewal): void {
  const nowMs = Date.now();
  const usableUntilMs = expiresAtMs - SAFETY_MS;
  if (endpoints.length === 0 || usableUntilMs <= nowMs) return;
  const cursor = leases.get(revisionUid)?.cursor ?? Math.floor(Math.random() * endpoints.length);
  leases.delete(revisionUid);
  const renewAtMs = nowMs + (usableUntilMs - nowMs) / 2;
  leases.set(revisionUid, { endpoints, cursor, isLimited, usableUntilMs, renewAtMs, renewingSinceMs: 0 });
  if (leases.size <= MAX_LEASES) return;
  const oldest = leases.keys().next();
  if (!oldest.done) leases.delete(oldest.value);
}

/**
 * The next leased endpoint, round robin, without a call.
 * @param avoid  pods that just failed the request
 * @returns null when the isolate must ask
 */
export function leasedEndpoint(
  revisionUid: string,
  avoid: readonly string[],
  env: GatewayEnv,
  background: Background,
): Endpoint | null {
  const lease = leases.get(revisionUid);
  if (lease === undefined) return null;
  const nowMs = Date.now();
  if (nowMs >= lease.usableUntilMs) {
    leases.delete(revisionUid);
    return null;
  }
  if (nowMs >= lease.renewAtMs && nowMs - lease.renewingSinceMs > RENEWAL_TIMEOUT_MS) {
    lease.renewingSinceMs = nowMs;
    background.waitUntil(renew(revisionUid, env));
  }
  for (let step = 0; step < lease.endpoints.length; step += 1) {
    lease.cursor = (lease.cursor + 1) % lease.endpoints.length;
    const endpoint = lease.endpoints[lease.cursor];
    if (endpoint !== undefined && !avoid.includes(endpoint.podId)) return endpoint;
  }
  return null;
}

/** Whether leased pods may refuse with `queue-full`. */
export function isLimitedLease(revisionUid: string): boolean {
  return leases.get(revisionUid)?.isLimited === true;
}

/** A pod failed: no request of this isolate goes to it until the object names it again. */
export function ejectEndpoint(revisionUid: string, podId: string): void {
  const lease = leases.get(revisionUid);
  if (lease === undefined) return;
  lease.endpoints = lease.endpoints.filter((endpoint) => endpoint.podId !== podId);
  if (lease.endpoints.length === 0) leases.delete(revisionUid);
}

/** For tests, whose files share the isolate. */
export function resetLeases(): void {
  leases.clear();
}

async function renew(revisionUid: string, env: GatewayEnv): Promise<void> {
  try {
    const lease = await env.REVISION.getByName(revisionUid).renewLease();
    // null: no lease any more. The one at hand may be used to its end; then the isolate asks.
    if (lease !== null) keepLease(revisionUid, lease);
  } catch {
    // The lease at hand is still good; the next request tries again.
  }
}
