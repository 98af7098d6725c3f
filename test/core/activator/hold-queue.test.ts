import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HoldQueue, type Waiter } from "../../../src/core/activator/hold-queue.ts";

const waiter = (requestId: string, arrivedAtMs: number, changes: Partial<Waiter> = {}): Waiter => ({
  ...{ requestId, arrivedAtMs, deadlineMs: 1e9, enqueuedAtMs: 0, avoidPods: [], isCold: false, needTicket: false },
  ...changes,
});

const order = (queue: HoldQueue) => queue.all().map(({ requestId }) => requestId);

describe("the hold queue", () => {
  it("puts a late waiter at its place by arrival, behind those that arrived in the same millisecond", () => {
    const queue = new HoldQueue();
    for (const [id, atMs] of [
      ["a", 1],
      ["d", 5],
      ["b", 2],
      ["c", 2],
    ] as const)
      queue.add(waiter(id, atMs));
    expect(order(queue)).toEqual(["a", "b", "c", "d"]);
  });

  it("keeps the place of a waiter that asks again, also among those of the same millisecond", () => {
    const queue = new HoldQueue();
    for (const id of ["a", "b", "c"]) queue.add(waiter(id, 7));
    queue.add(waiter("a", 7, { needTicket: true }));
    expect(order(queue)).toEqual(["a", "b", "c"]);
    expect([queue.size, queue.leasable, queue.first()?.needTicket]).toEqual([3, 2, true]);
  });

  it("does not grow with cancelled waiters behind a head that waits long", () => {
    const queue = new HoldQueue();
    queue.add(waiter("head", 0));
    let held = 0;
    for (let n = 0; n < 20_000; n += 1) {
      queue.add(waiter(`r${n}`, n));
      held = Math.max(held, queue.slots);
      queue.remove(`r${n}`);
    }
    expect(order(queue)).toEqual(["head"]);
    expect(held).toBeLessThanOrEqual(1_100);
  });

  it("behaves like a list sorted by arrival, whatever comes and goes", () => {
    const id = fc.nat(40).map((n) => `r${n}`);
    const operation = fc.oneof(
      { weight: 3, arbitrary: fc.record({ add: id, atMs: fc.nat(30), needTicket: fc.boolean() }) },
      { weight: 2, arbitrary: fc.record({ remove: id }) },
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200, size: "max" }), (operations) => {
        const queue = new HoldQueue();
        let model: Waiter[] = [];
        for (const each of operations) {
          if ("remove" in each) {
            const known = model.find(({ requestId }) => requestId === each.remove);
            expect(queue.remove(each.remove)).toEqual(known);
            model = model.filter((other) => other !== known);
          } else {
            const added = waiter(each.add, each.atMs, { needTicket: each.needTicket });
            queue.add(added);
            const at = model.findIndex(({ requestId }) => requestId === each.add);
            if (model[at]?.arrivedAtMs === each.atMs) model[at] = added;
            else model = [...model.filter((_, index) => index !== at), added];
            model.sort((a, b) => a.arrivedAtMs - b.arrivedAtMs);
          }
          expect(queue.all()).toEqual(model);
          expect(queue.first()).toEqual(model[0]);
          expect(queue.leasable).toBe(model.filter(({ needTicket }) => !needTicket).length);
        }
      }),
      { numRuns: 100 },
    );
  });
});
