import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Activator, type Grant, MAX_HELD } from "../../../src/core/activator/activator.ts";
import { SOCKET_GRACE_MS, TICKET_TTL_MS } from "../../../src/core/activator/ledger.ts";
import type { AcquireRequest } from "../../../src/core/protocol/admission.ts";

const request = (requestId: string, changes: Partial<AcquireRequest> = {}): AcquireRequest => ({
  ...{ requestId, arrivedAtMs: 0, deadlineMs: 60_000, attempt: 0, avoidPods: [], needTicket: false },
  ...changes,
});

const always = () => true;
const ids = (items: readonly { requestId: string }[]) => items.map(({ requestId }) => requestId);

describe("the activator", () => {
  it("does not let a waiter that needs a slot hold up those that a lease serves", () => {
    const activator = new Activator();
    activator.setMode("Serve");
    activator.setReadyPods(["a"], 1, always, 0);
    activator.arrive(request("r1", { needTicket: true }), 0);
    activator.arrive(request("r2", { needTicket: true }), 0);
    activator.arrive(request("r3"), 0);
    const grants = activator.pump(0);
    expect(grants.map(({ requestId, kind }) => [requestId, kind])).toEqual([
      ["r1", "ticket"],
      ["r3", "lease"],
    ]);
    expect(activator.isWaiting("r2")).toBe(true);
  });

  it("remembers since when a request waits, and that it came to a cold revision, when it asks again", () => {
    const activator = new Activator();
    activator.arrive(request("r1"), 1_000);
    activator.setReadyPods(["a"], 1, always, 2_000);
    activator.arrive(request("r1", { attempt: 1 }), 3_000);
    expect(activator.pump(4_000)).toMatchObject([{ requestId: "r1", heldMs: 3_000, isCold: true }]);
  });

  it("refuses beyond its bound, but never one that waits already", () => {
    const activator = new Activator();
    for (let n = 0; n < MAX_HELD; n += 1) expect(activator.arrive(request(`r${n}`), 0).outcome).toBe("queued");
    expect(activator.arrive(request("more"), 0).outcome).toBe("full");
    expect(activator.arrive(request("r0", { attempt: 1 }), 0).outcome).toBe("queued");
    expect(activator.held).toBe(MAX_HELD);
  });

  it("takes out waiters at their deadline and by age, others stay", () => {
    const activator = new Activator();
    activator.arrive(request("early", { deadlineMs: 100 }), 0);
    activator.arrive(request("late", { deadlineMs: 200 }), 50);
    expect(ids(activator.expire(99))).toEqual([]);
    expect(ids(activator.expire(100))).toEqual(["early"]);
    expect(ids(activator.takeOlderThan(60, 109))).toEqual([]);
    expect(ids(activator.takeOlderThan(60, 110))).toEqual(["late"]);
    expect(activator.held).toBe(0);
  });

  it("counts the tickets of a pod that left and came back", () => {
    const activator = new Activator();
    activator.setReadyPods(["a"], 1, always, 0);
    activator.arrive(request("r1"), 0);
    expect(activator.pump(0)).toHaveLength(1);
    activator.setReadyPods([], 1, always, 0);
    activator.setReadyPods(["a"], 1, always, 0);
    activator.arrive(request("r2"), 0);
    expect(activator.pump(0)).toEqual([]);
  });

  it("takes nothing back twice, and nothing from a pod that is gone", () => {
    const activator = new Activator();
    activator.setReadyPods(["a"], 3, always, 0);
    for (const id of ["r1", "r2"]) activator.arrive(request(id), 0);
    const [first, second] = activator.pump(0).map((grant) => (grant.kind === "ticket" ? grant.ticketId : ""));
    expect([activator.release(first ?? ""), activator.release(first ?? "")]).toEqual([true, false]);
    expect(activator.forgetPod("a")).toBe(1);
    expect([activator.release(second ?? ""), activator.upgrade(second ?? "", 0)]).toEqual([false, false]);
    expect([activator.ticketed, activator.untracked, activator.outstanding("a")]).toEqual([0, 0, 0]);
  });
});

type Step =
  | { readonly does: "arrive"; readonly needTicket: boolean; readonly lateMs: number; readonly ttlMs: number }
  | { readonly does: "cancel" | "release" | "upgrade" | "close" | "repeat" | "leak"; readonly which: number }
  | { readonly does: "pods"; readonly ready: readonly string[] }
  | { readonly does: "mode"; readonly mode: "Proxy" | "Serve" }
  | { readonly does: "reconcile" | "forget"; readonly podId: string; readonly direct: number }
  | { readonly does: "pass"; readonly ms: number };

const which = fc.nat(50);
const podId = fc.constantFrom("a", "b", "c");
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      does: fc.constant("arrive" as const),
      needTicket: fc.boolean(),
      lateMs: fc.constantFrom(0, 0, 1, 500),
      ttlMs: fc.constantFrom(5_000, 60_000),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      does: fc.constantFrom("cancel" as const, "release", "release", "upgrade", "close", "repeat", "leak"),
      which,
    }),
  },
  { weight: 3, arbitrary: fc.record({ does: fc.constant("pods" as const), ready: fc.uniqueArray(podId) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant("mode" as const),
      mode: fc.constantFrom<("Proxy" | "Serve")[]>("Proxy", "Serve"),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constantFrom("reconcile" as const, "reconcile", "forget"),
      podId,
      direct: fc.nat(1),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ does: fc.constant("pass" as const), ms: fc.constantFrom(1, 200, 3_000, 20_000) }),
  },
);

type Given = { readonly podId: string; readonly requestId: string; readonly atMs: number; isLeaked: boolean };
type Open = { readonly podId: string; readonly sinceMs: number; isOpen: boolean };

/** An activator beside the plainest possible account of what happened to each request. */
class Account {
  readonly activator = new Activator();
  readonly capacity: number;
  nowMs = 0;
  waiting: AcquireRequest[] = [];
  readonly tickets = new Map<string, Given>();
  readonly sockets = new Map<string, Open>();
  /** Of each pod that was ready and is not forgotten: what isolates sent to it by lease. */
  readonly direct = new Map<string, number>();
  ready: readonly string[] = [];
  mode: "Proxy" | "Serve" = "Proxy";
  readonly ends = { arrived: 0, leased: 0, ticketed: 0, cancelled: 0, expired: 0 };

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  do(step: Step): void {
    if (step.does === "arrive") this.#arrive(step);
    else if (step.does === "pods") {
      this.ready = step.ready;
      for (const podId of step.ready) this.direct.set(podId, this.direct.get(podId) ?? 0);
      this.activator.setReadyPods(step.ready, this.capacity, always, this.nowMs);
    } else if (step.does === "mode") {
      this.mode = step.mode;
      this.activator.setMode(step.mode);
    } else if ("podId" in step) this[step.does](step.podId, step.direct);
    else if (step.does === "pass") this.pass(step.ms);
    else this.#one(step.does, step.which);
    this.pump();
    this.check();
  }

  pass(ms: number): void {
    this.nowMs += ms;
    const expired = this.activator.expire(this.nowMs);
    this.ends.expired += expired.length;
    const due = this.waiting.filter(({ deadlineMs }) => deadlineMs <= this.nowMs);
    expect(ids(expired)).toEqual(ids(due));
    this.waiting = this.waiting.filter(({ deadlineMs }) => deadlineMs > this.nowMs);
  }

  /** Grants go to the first in line among those that can be served at all. */
  pump(): void {
    const grants = this.activator.pump(this.nowMs);
    const isLeased = (waiter: AcquireRequest) =>
      this.ready.length > 0 && (this.capacity === 0 || (this.mode === "Serve" && !waiter.needTicket));
    const leases = grants.filter(({ kind }) => kind === "lease");
    expect(ids(leases)).toEqual(ids(this.waiting.filter(isLeased)));
    const inLine = this.waiting.filter((waiter) => !isLeased(waiter));
    const tickets = grants.filter((grant): grant is Grant & { kind: "ticket" } => grant.kind === "ticket");
    expect(ids(tickets)).toEqual(ids(inLine.slice(0, tickets.length)));
    this.waiting = inLine.slice(tickets.length);
    this.ends.leased += leases.length;
    this.ends.ticketed += tickets.length;
    for (const { ticketId, podId, requestId } of tickets) {
      expect(this.ready).toContain(podId);
      this.tickets.set(ticketId, { podId, requestId, atMs: this.nowMs, isLeaked: false });
    }
  }

  /** What the queue-proxy of a pod sees: everything but leaked tickets, and what is still on its way. */
  reconcile(podId: string, direct: number): void {
    const young = [...this.tickets.values()].filter((t) => t.podId === podId && t.atMs === this.nowMs).length;
    const inPod = [...this.tickets.values()].filter((t) => t.podId === podId && !t.isLeaked).length - young;
    const open = [...this.sockets].filter(([, socket]) => socket.podId === podId && socket.isOpen).map(([id]) => id);
    const proxiedInFlight = Math.max(0, inPod) + open.length;
    const count = { inFlight: proxiedInFlight + direct, proxiedInFlight, sockets: open };
    const dropped = this.activator.reconcile(podId, count, this.nowMs);
    if (this.direct.has(podId)) this.direct.set(podId, direct);
    const leaked = [...this.tickets.values()].filter((t) => t.podId === podId && t.isLeaked).length;
    expect(dropped.length).toBeLessThanOrEqual(leaked);
    for (const { ticketId } of dropped) {
      // Counts do not say which one it was; the number is what matters.
      const other = [...this.tickets].find(([id, t]) => t.podId === podId && t.isLeaked && id !== ticketId)?.[1];
      const gone = this.tickets.get(ticketId);
      if (gone !== undefined && !gone.isLeaked && other !== undefined) other.isLeaked = false;
      this.tickets.delete(ticketId);
    }
    for (const [id, { podId: on, sinceMs, isOpen }] of this.sockets) {
      if (on === podId && !isOpen && this.nowMs >= sinceMs + SOCKET_GRACE_MS) this.sockets.delete(id);
    }
  }

  forget(podId: string, _direct: number): void {
    this.ready = this.ready.filter((id) => id !== podId);
    this.activator.setReadyPods(this.ready, this.capacity, always, this.nowMs);
    const out = [...this.tickets].filter(([, ticket]) => ticket.podId === podId);
    expect(this.activator.forgetPod(podId)).toBe(out.length);
    for (const [id] of out) this.tickets.delete(id);
    for (const [id, socket] of this.sockets) if (socket.podId === podId) this.sockets.delete(id);
    this.direct.delete(podId);
  }

  check(): void {
    expect(this.activator.held).toBe(this.waiting.length);
    expect(this.activator.ticketed).toBe(this.tickets.size);
    expect(this.activator.untracked).toBe(this.sockets.size);
    const { arrived, leased, ticketed, cancelled, expired } = this.ends;
    expect(arrived).toBe(leased + ticketed + cancelled + expired + this.waiting.length);
    for (const podId of ["a", "b", "c"]) {
      const out = [...this.tickets.values(), ...this.sockets.values()].filter((each) => each.podId === podId).length;
      expect(this.activator.outstanding(podId)).toBe(out);
      expect(out).toBeLessThanOrEqual(this.capacity);
      const isFull = out + (this.direct.get(podId) ?? 0) >= this.capacity;
      if (this.waiting.length > 0 && this.ready.includes(podId)) expect(isFull).toBe(true);
    }
  }

  #arrive({ needTicket, lateMs, ttlMs }: Step & { does: "arrive" }): void {
    this.ends.arrived += 1;
    const times = { arrivedAtMs: this.nowMs - lateMs, deadlineMs: this.nowMs + ttlMs };
    const added = request(`r${this.ends.arrived}`, { ...times, needTicket });
    expect(this.activator.arrive(added, this.nowMs).outcome).toBe("queued");
    this.waiting = [...this.waiting, added].sort((a, b) => a.arrivedAtMs - b.arrivedAtMs);
  }

  #one(does: "cancel" | "release" | "upgrade" | "close" | "repeat" | "leak", which: number): void {
    const waiter = this.waiting[which % Math.max(1, this.waiting.length)];
    const [ticketId, ticket] = [...this.tickets][which % Math.max(1, this.tickets.size)] ?? [];
    const socket = [...this.sockets.values()][which % Math.max(1, this.sockets.size)];
    if (does === "close" && socket !== undefined) socket.isOpen = false;
    if (does === "repeat" && waiter !== undefined) this.activator.arrive({ ...waiter, attempt: 1 }, this.nowMs);
    if (does === "cancel") {
      expect(this.activator.cancel(waiter?.requestId ?? "nobody")).toBe(waiter !== undefined);
      this.waiting = this.waiting.filter((other) => other !== waiter);
      this.ends.cancelled += waiter === undefined ? 0 : 1;
    }
    if (ticketId === undefined || ticket === undefined || ticket.isLeaked) return;
    if (does === "leak") ticket.isLeaked = true;
    if (does === "release") expect(this.activator.release(ticketId)).toBe(true);
    if (does === "upgrade") {
      expect(this.activator.upgrade(ticketId, this.nowMs)).toBe(true);
      this.sockets.set(ticket.requestId, { podId: ticket.podId, sinceMs: this.nowMs, isOpen: true });
    }
    if (does !== "release" && does !== "upgrade") return;
    this.tickets.delete(ticketId);
    expect(this.activator.release(ticketId)).toBe(false);
  }
}

it("loses no waiter, serves in order of arrival, and never gives out more than a pod has", () => {
  fc.assert(
    fc.property(fc.constantFrom(0, 1, 2, 5), fc.array(step, { maxLength: 120, size: "max" }), (capacity, steps) => {
      const account = new Account(capacity);
      for (const each of steps) account.do(each);

      for (const { requestId } of account.waiting) account.activator.cancel(requestId);
      for (const [ticketId, { isLeaked }] of account.tickets) if (!isLeaked) account.activator.release(ticketId);
      const laterMs = account.nowMs + TICKET_TTL_MS;
      for (const podId of ["a", "b", "c"]) {
        account.activator.reconcile(podId, { inFlight: 0, proxiedInFlight: 0, sockets: [] }, laterMs);
        expect(account.activator.outstanding(podId)).toBe(0);
      }
      const { held, ticketed, untracked } = account.activator;
      expect({ held, ticketed, untracked }).toEqual({ held: 0, ticketed: 0, untracked: 0 });
    }),
    { numRuns: Number(process.env.ACTIVATOR_RUNS ?? 100) },
  );
});
