/** Breaker and request stats together, as a queue-proxy uses them, on a virtual clock against Knative's traces. */
import { expect, it } from "vitest";
import { Breaker, QUEUE_DEPTH_PER_CONCURRENCY } from "../../../src/core/queue-proxy/breaker.ts";
import { createRequestStats, recordArrival, recordEnd, reportRequestStats } from "../../../src/core/request-stats.ts";
import { loadVectors } from "../../vectors.ts";

type RequestCase = {
  readonly arrive_ms: number;
  readonly service_ms: number;
  readonly via_activator: boolean;
  readonly kubelet_probe?: boolean;
  readonly client_cancel_ms?: number;
  readonly context_deadline_ms?: number;
  readonly want_status: number;
  readonly want_start_ms: number | null;
  readonly want_end_ms: number;
};
type Case = {
  readonly id: string;
  readonly container_concurrency: number;
  readonly requests: readonly RequestCase[];
  readonly want_reports: readonly Record<string, number>[];
};

it.each(loadVectors<Case>("queue-proxy").cases)("admits, queues, refuses and measures like Knative: $id", (vector) => {
  // Probes never enter: they are answered or passed before breaker and stats.
  const requests = vector.requests.filter((request) => !request.kubelet_probe);
  const endMs = Math.max(...vector.want_reports.map((report) => report.at_ms ?? 0));
  const { outcomes, reports } = simulate(vector.container_concurrency ?? 0, requests, endMs);
  expect(outcomes).toEqual(
    requests.map(({ want_status, want_start_ms, want_end_ms }) => ({
      status: want_status,
      startMs: want_start_ms ?? null,
      endMs: want_end_ms,
    })),
  );
  for (const [index, want] of vector.want_reports.entries()) {
    const report = reports[index];
    expect(report?.averageConcurrency).toBeCloseTo(want.average_concurrency ?? 0, 8);
    expect(report?.averageProxiedConcurrency).toBeCloseTo(want.average_proxied_concurrency ?? 0, 8);
    expect(report?.requestCount).toBe(want.request_count ?? 0);
    expect(report?.proxiedRequestCount).toBe(want.proxied_request_count ?? 0);
  }
});

type Outcome = { status: number; startMs: number | null; endMs: number };
type Running = { readonly request: RequestCase; readonly outcome: Outcome };

function simulate(limit: number, requests: readonly RequestCase[], endMs: number) {
  const breaker = limit > 0 ? new Breaker<Running>(limit * QUEUE_DEPTH_PER_CONCURRENCY, limit, limit) : null;
  const stats = createRequestStats(0);
  const reports: ReturnType<typeof reportRequestStats>[] = [];
  const events: { atMs: number; run: () => void }[] = [];
  const at = (atMs: number, run: () => void) => events.push({ atMs, run });
  const start = (entry: Running, nowMs: number) => {
    entry.outcome.startMs = nowMs;
    at(nowMs + entry.request.service_ms, () => end(entry, nowMs + entry.request.service_ms, 200));
  };
  const end = (entry: Running, nowMs: number, status: number) => {
    entry.outcome.status = status;
    entry.outcome.endMs = nowMs;
    recordEnd(stats, nowMs, entry.request.via_activator);
    if (status !== 200) return;
    const next = breaker?.finish();
    if (next !== undefined) start(next, nowMs);
  };
  const outcomes = requests.map((request) => {
    const entry = { request, outcome: { status: 0, startMs: null, endMs: 0 } as Outcome };
    const giveUpMs = request.client_cancel_ms ?? request.context_deadline_ms;
    at(request.arrive_ms, () => {
      recordArrival(stats, request.arrive_ms, request.via_activator);
      const admitted = breaker === null ? "running" : breaker.maybe(entry);
      if (admitted === "running") start(entry, request.arrive_ms);
      else if (admitted === "rejected") end(entry, request.arrive_ms, 503);
    });
    if (giveUpMs !== undefined) {
      at(giveUpMs, () => {
        if (breaker?.cancel(entry)) end(entry, giveUpMs, request.client_cancel_ms === undefined ? 503 : 500);
      });
    }
    return entry.outcome;
  });
  for (let atMs = 1_000; atMs <= endMs; atMs += 1_000) at(atMs, () => reports.push(reportRequestStats(stats, atMs)));
  while (events.length > 0) {
    events.sort((a, b) => a.atMs - b.atMs);
    events.shift()?.run();
  }
  return { outcomes, reports };
}
