import { expect, it } from "vitest";
import { createRequestStats, recordArrival, recordEnd, reportRequestStats } from "../../src/core/request-stats.ts";
import { loadVectors } from "../vectors.ts";

type Case = {
  readonly id: string;
  readonly kind: string;
  readonly start_ms: number;
  readonly events: readonly {
    readonly t_ms: number;
    readonly op: "in" | "out" | "proxied_in" | "proxied_out" | "report";
    readonly want_report?: Record<string, number>;
  }[];
};

const cases = loadVectors<Case>("stats").cases.filter((vector) => vector.kind === "request_stats");

it.each(cases)("averages concurrency over time like Knative: $id", (vector) => {
  const stats = createRequestStats(vector.start_ms);
  let reports = 0;
  for (const { t_ms, op, want_report } of vector.events) {
    const isProxied = op.startsWith("proxied");
    if (op.endsWith("in")) recordArrival(stats, t_ms, isProxied);
    else if (op.endsWith("out")) recordEnd(stats, t_ms, isProxied);
    else {
      const report = reportRequestStats(stats, t_ms);
      expect(report.averageConcurrency).toBeCloseTo(want_report?.average_concurrency ?? 0, 8);
      expect(report.averageProxiedConcurrency).toBeCloseTo(want_report?.average_proxied_concurrency ?? 0, 8);
      expect(report.requestCount).toBe(want_report?.request_count ?? 0);
      expect(report.proxiedRequestCount).toBe(want_report?.proxied_request_count ?? 0);
      reports += 1;
    }
  }
  expect(reports).toBeGreaterThan(0);
});

it("is not confused by a clock that goes back", () => {
  const stats = createRequestStats(1_000);
  recordArrival(stats, 2_000, false);
  recordEnd(stats, 1_500, false);
  expect(reportRequestStats(stats, 2_500).averageConcurrency).toBe(0);
});
