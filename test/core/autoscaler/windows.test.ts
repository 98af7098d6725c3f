import { describe, expect, it } from "vitest";
import { createSlidingMaximum, currentMaximum, recordMaximum } from "../../../src/core/autoscaler/sliding-maximum.ts";
import { type Aggregation, createWindow } from "../../../src/core/autoscaler/windows.ts";
import { loadVectors } from "../../vectors.ts";

type WindowCase = {
  readonly id: string;
  readonly note: string;
  readonly algorithm: Aggregation | "max";
  readonly window_ms: number;
  readonly granularity_ms: number;
  readonly events: readonly WindowEvent[];
};

type WindowEvent =
  | { readonly op: "record"; readonly t_ms: number; readonly value?: number; readonly want_max?: number }
  | { readonly op: "resize"; readonly wall_ms: number; readonly window_ms: number }
  | {
      readonly op: "query";
      readonly t_ms: number;
      readonly want_average?: number;
      readonly want_is_empty?: boolean;
    };

const { cases, tolerance } = loadVectors<WindowCase>("windows");

describe("metric windows average and empty as Knative's do (windows.json)", () => {
  it.each(cases.filter((c) => c.algorithm !== "max"))("$id: $note", (vector) => {
    const window = createWindow(vector.algorithm as Aggregation, vector.window_ms, vector.granularity_ms);
    let queries = 0;
    for (const event of vector.events) {
      if (event.op === "record") window.record(event.t_ms, event.value ?? 0);
      else if (event.op === "resize") window.resize(event.window_ms, event.wall_ms);
      else {
        queries++;
        const difference = Math.abs(window.average(event.t_ms) - (event.want_average ?? 0));
        expect(difference, `average at ${event.t_ms}`).toBeLessThanOrEqual(tolerance);
        expect(window.isEmpty(event.t_ms), `isEmpty at ${event.t_ms}`).toBe(event.want_is_empty ?? false);
      }
    }
    expect(queries).toBeGreaterThan(0);
  });
});

describe("the sliding maximum remembers what Knative's does (windows.json)", () => {
  it.each(cases.filter((c) => c.algorithm === "max"))("$id: $note", (vector) => {
    let window = createSlidingMaximum(vector.window_ms, vector.granularity_ms);
    for (const event of vector.events) {
      if (event.op !== "record") throw new Error(`a max window has no ${event.op}`);
      window = recordMaximum(window, event.t_ms, event.value ?? 0);
      expect(currentMaximum(window), `maximum at ${event.t_ms}`).toBe(event.want_max ?? 0);
    }
  });
});

describe("a linear window", () => {
  const START_MS = 1_000_000_000;

  it("divides by the seconds since the first write, so that a new revision is judged by what it has seen", () => {
    const window = createWindow("linear", 60_000);
    window.record(START_MS, 10);
    window.record(START_MS + 1_000, 20);
    expect(window.average(START_MS + 1_999)).toBe(15);
  });

  it("leaves silent seconds at the end out and counts silent seconds in between as zero", () => {
    const window = createWindow("linear", 6_000);
    window.record(START_MS, 12);
    window.record(START_MS + 2_000, 12);
    expect(window.average(START_MS + 2_000)).toBe(8); // 24 / 3 s
    expect(window.average(START_MS + 4_000)).toBe(8); // still 3 s: nobody reported the last two
  });

  it("never answers with a negative zero", () => {
    const window = createWindow("linear", 3_000);
    // 0.3 + 0.2 + 0.1 − 0.3 − 0.2 − 0.1 is −2.8e-17 in floats.
    [0.3, 0.2, 0.1, 0, 0, 0].forEach((value, second) => {
      window.record(START_MS + second * 1_000, value);
    });
    expect(Object.is(window.average(START_MS + 5_000), 0)).toBe(true);
  });
});
