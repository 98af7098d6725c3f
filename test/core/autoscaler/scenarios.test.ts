import { describe, expect, it } from "vitest";
import { createAutoscaler, type TickResult } from "../../../src/core/autoscaler/autoscaler.ts";
import { SimulatedRevision } from "./simulated-revision.ts";

const isActive = (last: TickResult) => last.active.status === "True";
const isInactive = (last: TickResult) => last.active.status === "False";
const isGone = (last: TickResult) => last.replicas === 0;

/** A revision that reached its initial scale, idled and was scaled to zero. */
function asleep(annotations: Record<string, string> = {}, containerConcurrency = 0): SimulatedRevision {
  const revision = new SimulatedRevision(annotations, containerConcurrency);
  revision.advance(600, 0, isGone);
  revision.advance(4);
  expect(revision.last).toMatchObject({ replicas: 0, isInitialized: true, active: { status: "False" } });
  return revision;
}

describe("a new revision", () => {
  it("wants its initial scale and is queued until all of it is ready", () => {
    const revision = new SimulatedRevision({ "initial-scale": "3" }, 0, 10_000);
    expect(revision.last).toMatchObject({
      replicas: 3,
      mode: "Proxy",
      isInitialized: false,
      active: { status: "Unknown", reason: "Queued" },
    });
    revision.advance(8);
    expect(revision.last).toMatchObject({ replicas: 3, isInitialized: false, active: { status: "Unknown" } });
    revision.advance(2);
    expect(revision.last).toMatchObject({ isInitialized: true, active: { status: "True", reason: "" } });
  });

  it("goes from its initial scale to zero when nobody calls it", () => {
    const revision = new SimulatedRevision({ "initial-scale": "3" });
    revision.advance(600, 0, isGone);
    expect(revision.last).toMatchObject({ replicas: 0, active: { status: "False", reason: "NoTraffic" } });
  });

  it("starts more than max-scale when initial-scale says so, then keeps to max-scale", () => {
    const revision = new SimulatedRevision({ "initial-scale": "5", "max-scale": "3" });
    expect(revision.replicas).toBe(5);
    revision.advance(10, 1_000);
    expect(revision.replicas).toBe(3);
  });

  it("rests at once, as reached, when its initial scale is zero", () => {
    const spec = { ...new SimulatedRevision().spec, initialScale: 0 };
    const autoscaler = createAutoscaler(spec, 0, 0);
    const idle = { readyPods: 0, pendingPods: 0, currentReplicas: 0, reachability: "Reachable" } as const;
    expect(autoscaler.tick({ ...idle, nowMs: 0 })).toMatchObject({ replicas: 0, isInitialized: true });
    const active = { status: "False", reason: "NoTraffic" };
    expect(autoscaler.tick({ ...idle, nowMs: 2_000 })).toMatchObject({ replicas: 0, active, isFixedPoint: true });
  });

  it("gives up 30 s after the progress deadline, says so, and rests", () => {
    const revision = new SimulatedRevision({}, 0, Number.POSITIVE_INFINITY);
    // 600 s + 30 s, exceeded at the next tick.
    expect(revision.secondsFor(() => revision.advance(2_000, 0, isGone))).toBe(632);
    expect(revision.last.active).toMatchObject({ status: "False", reason: "TimedOut" });
    revision.advance(4);
    expect(revision.last).toMatchObject({ replicas: 0, isFixedPoint: true });
  });
});

describe("from zero", () => {
  it("starts a pod in the same turn as the first request", () => {
    const revision = asleep();
    expect(revision.request()).toMatchObject({
      replicas: 1,
      mode: "Proxy",
      isFixedPoint: false,
      active: { status: "Unknown", reason: "Queued" },
    });
  });

  it("starts a pod at once under rps, weighted windows and with a long window", () => {
    expect(asleep({ metric: "rps" }).request().replicas).toBe(1);
    expect(asleep({ "metric-aggregation-algorithm": "weighted-exponential" }).request().replicas).toBe(1);
    expect(asleep({ window: "10m" }).request().replicas).toBe(1);
  });

  it("starts as many pods as activation-scale asks for", () => {
    expect(asleep({ "activation-scale": "4" }).request().replicas).toBe(4);
  });

  it("starts a pod at once also in an object that was evicted", () => {
    const revision = asleep();
    revision.evict();
    expect(revision.request()).toMatchObject({ replicas: 1, active: { status: "Unknown", reason: "Queued" } });
  });
});

describe("to zero", () => {
  it("takes a stable window when the activator was in the path all along (default config)", () => {
    const revision = new SimulatedRevision();
    revision.advance(10, 0, isActive);
    expect(revision.last.mode).toBe("Proxy"); // 1 × 100 − 211 < 0
    // Inactive after the stable window of 60 s; the tick after that finds no grace period left.
    expect(revision.secondsFor(() => revision.advance(600, 0, isGone))).toBe(62);
  });

  it("takes a stable window and the grace period when requests went straight to the pod", () => {
    const revision = new SimulatedRevision({ "target-burst-capacity": "0" });
    revision.advance(10, 0, isActive);
    revision.advance(2);
    expect(revision.last.mode).toBe("Serve");
    expect(revision.secondsFor(() => revision.advance(600, 0, isInactive))).toBe(60 - 2);
    expect(revision.last).toMatchObject({ replicas: 1, mode: "Proxy" });
    expect(revision.secondsFor(() => revision.advance(600, 0, isGone))).toBe(30);
  });

  it("keeps the last pod for the retention period", () => {
    const revision = new SimulatedRevision({ "scale-to-zero-pod-retention-period": "45s" });
    revision.advance(600, 0, isInactive);
    // 45 s, seen by a tick every 2 s.
    expect(revision.secondsFor(() => revision.advance(600, 0, isGone))).toBe(46);
  });

  it("counts idleness from the last request, not from the first", () => {
    const revision = new SimulatedRevision();
    revision.advance(300, 5);
    expect(revision.last).toMatchObject({ replicas: 1, active: { status: "True" } });
    const idle = revision.secondsFor(() => revision.advance(600, 0, isGone));
    // 60 s until the window has forgotten the load, then one tick to turn inactive and one to go.
    expect(idle).toBe(62);
  });

  it("wakes up again when a request comes while the pod is on its way out", () => {
    const revision = new SimulatedRevision({ "target-burst-capacity": "0" });
    revision.advance(600, 0, isInactive);
    expect(revision.request()).toMatchObject({ replicas: 1, mode: "Serve", active: { status: "True" } });
  });

  it("goes on counting the grace period after an eviction", () => {
    const revision = new SimulatedRevision({ "target-burst-capacity": "0" });
    revision.advance(600, 0, isInactive);
    revision.advance(20);
    revision.evict();
    expect(revision.secondsFor(() => revision.advance(600, 0, isGone))).toBe(10);
  });

  it("never happens while enough pods are demanded by min-scale, and then rests", () => {
    const revision = new SimulatedRevision({ "min-scale": "2" });
    revision.advance(300);
    expect(revision.last).toMatchObject({ replicas: 2, isFixedPoint: true, active: { status: "True" } });
  });

  it("ignores min-scale once no route reaches the revision", () => {
    const revision = new SimulatedRevision({ "min-scale": "2" });
    revision.advance(120);
    revision.reachability = "Unreachable";
    revision.advance(120, 0, isGone);
    expect(revision.replicas).toBe(0);
  });

  it("is a fixed point: further ticks change neither the answer nor what is persisted", () => {
    const revision = asleep();
    expect(revision.last).toMatchObject({ isFixedPoint: true, requeueAfterMs: null });
    const persisted = revision.autoscaler.persisted();
    revision.advance(7_200);
    expect(revision.last).toMatchObject({ replicas: 0, isFixedPoint: true });
    expect(revision.autoscaler.persisted()).toEqual(persisted);
  });
});

describe("under load", () => {
  it("wants no more than max-scale for 1,000 requests at once with a limit of 10", () => {
    const revision = asleep({ "max-scale": "3" }, 10);
    revision.request();
    revision.advance(10, 1_000);
    expect(revision.last).toMatchObject({ replicas: 3, desired: 3, mode: "Proxy" });
    // ceil(1000 / (10 × 70 %)) = 143, without the bound.
    expect(revision.last.inputs).toMatchObject({ desiredPanic: 143, maxScale: 3, isPanicking: true });
  });

  it("holds what panic reached for a stable window, then steps down by halves", () => {
    const revision = new SimulatedRevision({ target: "10" });
    revision.advance(10, 1);
    revision.advance(8, 70); // target 7: ten pods
    expect(revision.replicas).toBe(10);
    revision.advance(52, 0);
    expect(revision.last).toMatchObject({ replicas: 10, inputs: { isPanicking: true } });
    const seen = new Set<number>();
    revision.advance(60, 0, (last) => isGone(last) || !seen.add(last.replicas));
    expect([...seen]).toEqual([10, 5, 2, 1]);
  });

  it("keeps the maximum of the scale-down-delay", () => {
    const revision = new SimulatedRevision({ target: "10", "scale-down-delay": "2m", window: "10s" });
    revision.advance(40, 30);
    expect(revision.replicas).toBe(5); // ceil(30 / 7)
    revision.advance(100, 0);
    expect(revision.replicas).toBe(5);
    revision.advance(60, 0);
    expect(revision.replicas).toBeLessThan(5);
  });

  it("takes the activator out of the path while the pods could swallow a burst, and back in when not", () => {
    const revision = new SimulatedRevision({ "target-burst-capacity": "60", "max-scale": "1" });
    revision.advance(10, 0);
    expect(revision.last).toMatchObject({ mode: "Serve", excessBurstCapacity: 40 }); // 100 − 60 − 0
    revision.advance(20, 50);
    expect(revision.last).toMatchObject({ mode: "Proxy", excessBurstCapacity: -10 }); // 100 − 60 − 50
    revision.advance(20, 40);
    expect(revision.last).toMatchObject({ mode: "Serve", excessBurstCapacity: 0 }); // zero is enough
  });

  it("is never a fixed point", () => {
    const revision = new SimulatedRevision();
    revision.advance(300, 3);
    expect(revision.last.isFixedPoint).toBe(false);
  });
});

describe("an autoscaler that comes back with pods running", () => {
  it("leaves them alone and proxies until the first report", () => {
    const revision = new SimulatedRevision({ "target-burst-capacity": "0", target: "10" });
    revision.advance(60, 30);
    expect(revision.last).toMatchObject({ replicas: 5, mode: "Serve" });
    revision.evict();
    expect(revision.tick()).toMatchObject({ replicas: 5, mode: "Proxy", desired: 5, inputs: { observed: null } });
    revision.advance(2, 30);
    expect(revision.last).toMatchObject({ replicas: 5, mode: "Serve" });
  });

  it("keeps their number for a stable window even if they report nothing to do", () => {
    const revision = new SimulatedRevision({ target: "10" });
    revision.advance(120, 30);
    revision.evict();
    revision.advance(58, 0);
    expect(revision.last).toMatchObject({ replicas: 5, inputs: { isPanicking: true } });
    revision.advance(10, 0);
    expect(revision.replicas).toBeLessThan(5);
  });

  it("keeps an idle pod that reports, although it had decided on zero before", () => {
    const revision = new SimulatedRevision();
    revision.advance(50);
    revision.evict();
    expect(revision.tick().replicas).toBe(1);
  });

  it("applies a min-scale that was raised while the revision slept", () => {
    const revision = asleep();
    const spec = { ...revision.spec, minScale: 2 };
    revision.evict(spec);
    revision.autoscaler.updateSpec(spec, revision.nowMs);
    expect(revision.tick().replicas).toBe(2);
  });
});
