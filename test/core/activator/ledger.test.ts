import { describe, expect, it } from "vitest";
import {
  FLIGHT_MS,
  freeSlots,
  newPodLoad,
  occupied,
  type PodCount,
  type PodLoad,
  reconcileLoad,
  SOCKET_GRACE_MS,
  TICKET_TTL_MS,
  UNKNOWN_LIMIT_MS,
  upgradeTicket,
} from "../../../src/core/activator/ledger.ts";

const count = (inFlight: number, proxiedInFlight: number, sockets: string[] = []): PodCount => ({
  inFlight,
  proxiedInFlight,
  sockets,
});

/** A pod with tickets granted at the given times; ticket `t<n>` is of request `r<n>`. */
function podWith(capacity: number, ...grantedAtMs: number[]): PodLoad {
  const pod = newPodLoad("p", capacity, true, 0);
  for (const [n, atMs] of grantedAtMs.entries()) {
    pod.tickets.set(`t${n}`, { ticketId: `t${n}`, requestId: `r${n}`, grantedAtMs: atMs });
  }
  return pod;
}

const ids = (tickets: readonly { ticketId: string }[]) => tickets.map(({ ticketId }) => ticketId);

describe("free slots", () => {
  it("are endless without a limit", () => {
    expect(freeSlots(newPodLoad("p", 0, true, 0), false, 0)).toBe(Number.POSITIVE_INFINITY);
  });

  it("are what tickets, sockets, direct and inherited requests leave, never less than none", () => {
    const pod = podWith(10, 0, 0);
    pod.sockets.set("s", 0);
    pod.direct = 2;
    pod.inherited = 1;
    expect([occupied(pod), freeSlots(pod, false, 0)]).toEqual([6, 4]);
    pod.direct = 20;
    expect(freeSlots(pod, false, 0)).toBe(0);
  });

  it("are none while a pod from before a reset is unknown, for a limited time", () => {
    const pod = newPodLoad("p", 4, false, 1_000);
    expect(freeSlots(pod, false, 1_000 + UNKNOWN_LIMIT_MS - 1)).toBe(0);
    expect(freeSlots(pod, false, 1_000 + UNKNOWN_LIMIT_MS)).toBe(4);
  });
});

describe("an unknown pod", () => {
  it("stays unknown by a count that requests on their way could still escape", () => {
    const pod = newPodLoad("p", 4, false, 1_000);
    reconcileLoad(pod, count(0, 0), 1_000 + FLIGHT_MS - 1);
    expect(freeSlots(pod, false, 2_000)).toBe(0);
  });

  it("inherits the ticketed requests of the life before, and only they, until they are gone", () => {
    const pod = newPodLoad("p", 4, false, 1_000);
    reconcileLoad(pod, count(4, 3), 1_000 + FLIGHT_MS);
    expect([pod.inherited, pod.direct, freeSlots(pod, false, 2_000)]).toEqual([3, 1, 0]);
    reconcileLoad(pod, count(1, 1), 3_000);
    expect([pod.inherited, freeSlots(pod, false, 3_000)]).toEqual([1, 3]);
    reconcileLoad(pod, count(3, 3), 4_000);
    expect(pod.inherited).toBe(1);
  });
});

describe("a socket", () => {
  it("keeps the slot of its ticket while the agent lists it", () => {
    const pod = podWith(2, 0);
    upgradeTicket(pod, "t0", 100);
    for (const atMs of [1_000, 60_000, 3_600_000]) reconcileLoad(pod, count(1, 1, ["r0"]), atMs);
    expect([pod.tickets.size, pod.sockets.size, freeSlots(pod, false, 3_600_000)]).toEqual([0, 1, 1]);
  });

  it("gives it back once it is listed no more, but not before the agent can have listed it", () => {
    const pod = podWith(2, 0);
    upgradeTicket(pod, "t0", 100);
    reconcileLoad(pod, count(0, 0), 100 + SOCKET_GRACE_MS - 1);
    expect(pod.sockets.size).toBe(1);
    reconcileLoad(pod, count(0, 0), 100 + SOCKET_GRACE_MS);
    expect(pod.sockets.size).toBe(0);
  });

  it("of a ticket that is not out changes nothing", () => {
    const pod = podWith(2, 0);
    upgradeTicket(pod, "other", 100);
    expect([pod.tickets.size, pod.sockets.size]).toEqual([1, 0]);
  });
});

describe("a leaked ticket", () => {
  const atMs = TICKET_TTL_MS;

  it("is dropped when it is old and the pod holds fewer requests than there are old tickets", () => {
    const pod = podWith(4, 0, 0);
    expect(ids(reconcileLoad(pod, count(1, 1), atMs))).toEqual(["t0"]);
    expect(pod.tickets.size).toBe(1);
  });

  it("is kept while it is young", () => {
    expect(reconcileLoad(podWith(4, 0), count(0, 0), atMs - 1)).toEqual([]);
  });

  it("is not taken for one when a young ticket is still on its way to the pod", () => {
    const pod = podWith(2, 0, atMs - 10);
    expect(reconcileLoad(pod, count(1, 1), atMs)).toEqual([]);
    expect(freeSlots(pod, false, atMs)).toBe(0);
  });

  it("is not taken for one when a socket closed a moment ago", () => {
    const pod = podWith(2, 0, 0);
    upgradeTicket(pod, "t1", atMs - 100);
    expect(reconcileLoad(pod, count(1, 1), atMs)).toEqual([]);
  });

  it("is not hidden by an open socket", () => {
    const pod = podWith(2, 0, 0);
    upgradeTicket(pod, "t1", 100);
    expect(ids(reconcileLoad(pod, count(1, 1, ["r1"]), atMs))).toEqual(["t0"]);
  });
});
