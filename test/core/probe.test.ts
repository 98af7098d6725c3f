import { describe, expect, it } from "vitest";
import { beginProbing, observeProbe, type ProbeStep } from "../../src/core/probe.ts";
import type { Probe } from "../../src/core/protocol/pod.ts";

const aggressive: Probe = {
  handler: { type: "tcp" },
  periodSec: 0,
  timeoutSec: 0,
  successThreshold: 1,
  failureThreshold: 3,
  initialDelaySec: 0,
};

describe("the probe schedule", () => {
  it("asks at once, then at a pace that slows down with the wait", () => {
    const delays = [1, 20, 60, 400, 1_000, 30_000].map((elapsedMs) => {
      const step = fail(aggressive, elapsedMs);
      return step.kind === "probe" ? step.atMs - elapsedMs : Number.NaN;
    });
    expect(beginProbing(aggressive, 5).step).toMatchObject({ kind: "probe", atMs: 5 });
    // A twentieth of the time that passed, between 2 and 50 ms.
    expect(delays).toEqual([2, 2, 3, 20, 50, 50]);
  });

  it("reaches readiness of a 50 ms start with fewer than 30 probes", () => {
    let { state, step } = beginProbing(aggressive, 0);
    let probes = 0;
    while (step.kind === "probe") {
      probes += 1;
      const { atMs } = step;
      ({ state, step } = observeProbe(aggressive, 600, state, atMs >= 50, atMs));
    }
    expect(step.kind).toBe("ready");
    expect(probes).toBeLessThan(30);
  });

  it("keeps a declared period, timeout and initial delay", () => {
    const declared = { ...aggressive, periodSec: 3, timeoutSec: 2, initialDelaySec: 4 };
    expect(beginProbing(declared, 1_000).step).toEqual({ kind: "probe", atMs: 5_000, timeoutMs: 2_000 });
    expect(fail(declared, 7_000)).toEqual({ kind: "probe", atMs: 10_000, timeoutMs: 2_000 });
  });

  it("wants consecutive successes", () => {
    const strict = { ...aggressive, successThreshold: 2 };
    let { state } = beginProbing(strict, 0);
    const answers = [true, false, true, true].map((hasPassed, index) => {
      const observed = observeProbe(strict, 0, state, hasPassed, index);
      state = observed.state;
      return observed.step.kind;
    });
    expect(answers).toEqual(["probe", "probe", "probe", "ready"]);
  });

  it("tries a last time at the progress deadline, and fails then", () => {
    const slow = { ...aggressive, periodSec: 10 };
    const { state } = beginProbing(slow, 0);
    expect(observeProbe(slow, 15, state, false, 10_000).step).toMatchObject({ kind: "probe", atMs: 15_000 });
    expect(observeProbe(slow, 15, state, false, 15_000).step).toEqual({ kind: "failed" });
    expect(observeProbe(slow, 15, state, true, 15_000).step).toEqual({ kind: "ready" });
  });
});

function fail(probe: Probe, nowMs: number): ProbeStep {
  return observeProbe(probe, 600, beginProbing(probe, 0).state, false, nowMs).step;
}
