import { describe, expect, it } from "vitest";
import { Breaker } from "../../../src/core/queue-proxy/breaker.ts";
import { loadVectors } from "../../vectors.ts";

type Operation = {
  readonly op: "maybe" | "finish" | "cancel_queued" | "reserve" | "release_reserved" | "update_concurrency";
  readonly n?: number;
  readonly want_outcome?: string;
  readonly want_state: { in_flight: number; queued: number; running: number; reserved: number; capacity: number };
};
type Case = {
  readonly id: string;
  readonly queue_depth: number;
  readonly max_concurrency: number;
  readonly initial_capacity: number;
  readonly want_constructor_error?: boolean;
  readonly ops: readonly Operation[];
};

describe("a breaker", () => {
  it.each(loadVectors<Case>("breaker").cases)("behaves like Knative's: $id", (vector) => {
    const make = () =>
      new Breaker<object>(vector.queue_depth ?? 0, vector.max_concurrency ?? 0, vector.initial_capacity ?? 0);
    if (vector.want_constructor_error) {
      expect(make).toThrow(RangeError);
      return;
    }
    const breaker = make();
    const waiting: object[] = [];
    for (const operation of vector.ops) {
      expect(apply(breaker, waiting, operation)).toBe(operation.want_outcome);
      expect({
        in_flight: breaker.inFlight,
        queued: breaker.queued,
        running: breaker.running,
        reserved: breaker.reserved,
        capacity: breaker.capacity,
      }).toEqual(operation.want_state);
    }
  });

  it("starts waiters in the order of their arrival, also around one that gave up", () => {
    const breaker = new Breaker<string>(10, 1, 1);
    expect(["a", "b", "c", "d"].map((waiter) => breaker.maybe(waiter))).toEqual([
      "running",
      "queued",
      "queued",
      "queued",
    ]);
    expect(breaker.cancel("b")).toBe(true);
    expect([breaker.finish(), breaker.finish(), breaker.finish()]).toEqual(["c", "d", undefined]);
    expect(breaker.inFlight).toBe(0);
  });

  it("names all waiters that a higher capacity lets in", () => {
    const breaker = new Breaker<string>(10, 3, 0);
    for (const waiter of ["a", "b", "c", "d"]) breaker.maybe(waiter);
    expect(breaker.updateConcurrency(3)).toEqual(["a", "b", "c"]);
  });
});

function apply(breaker: Breaker<object>, waiting: object[], { op, n }: Operation): string | undefined {
  const started = (waiter: object | undefined) => {
    if (waiter) waiting.splice(waiting.indexOf(waiter), 1);
  };
  switch (op) {
    case "maybe": {
      const waiter = {};
      const outcome = breaker.maybe(waiter);
      if (outcome === "queued") waiting.push(waiter);
      return outcome;
    }
    case "finish": {
      if (breaker.running === 0) return "none_running";
      started(breaker.finish());
      return "finished";
    }
    case "cancel_queued": {
      const waiter = waiting.shift();
      return waiter !== undefined && breaker.cancel(waiter) ? "canceled" : "none_queued";
    }
    case "reserve":
      return breaker.reserve() ? "ok" : "failed";
    case "release_reserved": {
      if (breaker.reserved === 0) return "none_reserved";
      started(breaker.releaseReserved());
      return "released";
    }
    case "update_concurrency":
      for (const waiter of breaker.updateConcurrency(n ?? 0)) started(waiter);
      return undefined;
  }
}
