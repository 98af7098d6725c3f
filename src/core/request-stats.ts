/**
 * Request stats: how many requests were in a pod (or held by an activator) on average over a period, weighted by time,
 * and how many arrived. Plain state that is changed in place, since it is touched twice per request.
 *
 *     concurrency 2 ┤   ┌──┐          average = Σ concurrency × dt ÷ Σ dt
 *                 1 ┤┌──┘  └────┐     a request that outlasts the period counts in the next one too
 *                 0 └┴──────────┴──
 *
 * Source: semantics of Knative's networking/pkg/http/stats/request.go as used at serving commit 98e5ef90; vectors `stats`.
 */

/** Times are milliseconds of one clock, fractions allowed. JSON-safe. */
export type RequestStats = {
  concurrency: number;
  proxiedConcurrency: number;
  lastChangeMs: number;
  /** Σ concurrency × dt and Σ dt of the period, in (requests ×) milliseconds. */
  weightedConcurrency: number;
  weightedProxiedConcurrency: number;
  measuredMs: number;
  arrived: number;
  proxiedArrived: number;
};

/** What one period looked like. Proxied requests count in both figures. */
export type RequestStatsReport = {
  readonly averageConcurrency: number;
  readonly averageProxiedConcurrency: number;
  /** Requests that arrived in the period: a count, not a rate. */
  readonly requestCount: number;
  readonly proxiedRequestCount: number;
};

/** An accumulator that saw nothing yet. @param nowMs when its first period begins */
export function createRequestStats(nowMs: number): RequestStats {
  return {
    concurrency: 0,
    proxiedConcurrency: 0,
    lastChangeMs: nowMs,
    weightedConcurrency: 0,
    weightedProxiedConcurrency: 0,
    measuredMs: 0,
    arrived: 0,
    proxiedArrived: 0,
  };
}

/** A request arrived. @param isProxied it came through the activator (K-Proxy-Request) */
export function recordArrival(stats: RequestStats, nowMs: number, isProxied: boolean): void {
  advance(stats, nowMs);
  stats.concurrency += 1;
  stats.arrived += 1;
  if (isProxied) {
    stats.proxiedConcurrency += 1;
    stats.proxiedArrived += 1;
  }
}

/** A request ended. @param isProxied as it was given to recordArrival */
export function recordEnd(stats: RequestStats, nowMs: number, isProxied: boolean): void {
  advance(stats, nowMs);
  stats.concurrency -= 1;
  if (isProxied) stats.proxiedConcurrency -= 1;
}

/** Closes the period: its figures are returned and set back, the requests that are still there stay counted. */
export function reportRequestStats(stats: RequestStats, nowMs: number): RequestStatsReport {
  advance(stats, nowMs);
  const { measuredMs } = stats;
  const report = {
    averageConcurrency: measuredMs > 0 ? stats.weightedConcurrency / measuredMs : 0,
    averageProxiedConcurrency: measuredMs > 0 ? stats.weightedProxiedConcurrency / measuredMs : 0,
    requestCount: stats.arrived,
    proxiedRequestCount: stats.proxiedArrived,
  };
  stats.weightedConcurrency = 0;
  stats.weightedProxiedConcurrency = 0;
  stats.measuredMs = 0;
  stats.arrived = 0;
  stats.proxiedArrived = 0;
  return report;
}

/** Accounts for the time since the last change. A clock that went back adds nothing. */
function advance(stats: RequestStats, nowMs: number): void {
  const dtMs = nowMs - stats.lastChangeMs;
  if (dtMs > 0) {
    stats.weightedConcurrency += stats.concurrency * dtMs;
    stats.weightedProxiedConcurrency += stats.proxiedConcurrency * dtMs;
    stats.measuredMs += dtMs;
  }
  stats.lastChangeMs = nowMs;
}
