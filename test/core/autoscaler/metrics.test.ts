import { describe, expect, it } from "vitest";
import { RevisionMetrics } from "../../../src/core/autoscaler/metrics.ts";

const NOW_MS = 1_000_000_000_000;
const WINDOWS = { aggregation: "linear", stableWindowMs: 60_000, panicWindowMs: 6_000 } as const;

describe("RevisionMetrics", () => {
  it("counts a request on the activator's path once, at the activator", () => {
    const metrics = new RevisionMetrics(WINDOWS);
    const queueProxy = {
      averageConcurrency: 10,
      averageProxiedConcurrency: 8,
      requestCount: 5,
      proxiedRequestCount: 4,
    };
    const activator = { averageConcurrency: 8, averageProxiedConcurrency: 0, requestCount: 4, proxiedRequestCount: 0 };
    metrics.record(queueProxy, NOW_MS);
    metrics.record(activator, NOW_MS + 500);
    expect(metrics.stableAndPanic("concurrency", NOW_MS + 999, true)).toEqual({ stable: 10, panic: 10 });
    expect(metrics.stableAndPanic("rps", NOW_MS + 999, true)).toEqual({ stable: 5, panic: 5 });
  });

  it("has no data before the first report, unless silence means no traffic", () => {
    const metrics = new RevisionMetrics(WINDOWS);
    expect(metrics.stableAndPanic("concurrency", NOW_MS, true)).toBe("no_data");
    expect(metrics.stableAndPanic("concurrency", NOW_MS, false)).toEqual({ stable: 0, panic: 0 });
  });

  it("counts a report of an idle pod as data", () => {
    const metrics = new RevisionMetrics(WINDOWS);
    const idle = { averageConcurrency: 0, averageProxiedConcurrency: 0, requestCount: 0, proxiedRequestCount: 0 };
    metrics.record(idle, NOW_MS);
    expect(metrics.stableAndPanic("concurrency", NOW_MS + 60_000, true)).toEqual({ stable: 0, panic: 0 });
    expect(metrics.stableAndPanic("concurrency", NOW_MS + 61_000, true)).toBe("no_data");
  });
});
