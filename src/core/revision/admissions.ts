/**
 * The revision's front: requests come in, answers go out. Wraps the activator and the leases, measures what they hold
 * (Knative's activator report) and words the refusals.
 */
import { Activator, type Grant, MAX_HELD } from "../activator/activator.ts";
import type { Waiter } from "../activator/hold-queue.ts";
import type { Stat } from "../autoscaler/metrics.ts";
import type { AcquireRequest, HoldTiming } from "../protocol/admission.ts";
import type { PodStats } from "../protocol/pod.ts";
import {
  createRequestStats,
  type RequestStats,
  recordArrival,
  recordEnd,
  reportRequestStats,
} from "../request-stats.ts";
import type { PodUse } from "./deployment.ts";
import type { Answer } from "./effects.ts";
import { Leases } from "./leases.ts";
import type { PodRecord } from "./pod-record.ts";

export type Lease = {
  readonly podIds: readonly string[];
  readonly expiresAtMs: number;
  /** The pods have a concurrency limit. */
  readonly isLimited: boolean;
};

type RefusalCode = Extract<Answer, { kind: "refused" }>["code"];

export class Admissions implements PodUse {
  readonly #activator = new Activator();
  readonly #leases: Leases;
  readonly #stats: RequestStats;
  readonly #inFlight = new Map<string, number>();
  /** Pods that became ready in this life; their load is known exactly. */
  readonly #fresh = new Set<string>();
  #ready: readonly PodRecord[] = [];
  #isLimited = false;
  #mode: "Proxy" | "Serve" = "Proxy";
  #answers: Answer[] = [];

  constructor(nowMs: number) {
    this.#leases = new Leases(nowMs);
    this.#stats = createRequestStats(nowMs);
  }

  get held(): number {
    return this.#activator.held;
  }

  get ticketed(): number {
    return this.#activator.ticketed;
  }

  get hasReadyPods(): boolean {
    return this.#ready.length > 0;
  }

  get mode(): "Proxy" | "Serve" {
    return this.#mode;
  }

  grantsEndMs(podId: string): number {
    return this.#leases.expiryOf(podId);
  }

  outstanding(podId: string): number {
    return this.#activator.outstanding(podId);
  }

  inFlight(podId: string): number {
    return this.#inFlight.get(podId) ?? 0;
  }

  takeAnswers(): Answer[] {
    const answers = this.#answers;
    this.#answers = [];
    return answers;
  }

  // --- pods ---

  setMode(mode: "Proxy" | "Serve"): void {
    this.#mode = mode;
    this.#activator.setMode(mode);
  }

  /** Step 4 of a cold start: the private service is the set of ready pods. */
  setReadyPods(pods: readonly PodRecord[], containerConcurrency: number, nowMs: number): void {
    this.#ready = pods;
    this.#isLimited = containerConcurrency > 0;
    const podIds = pods.map((pod) => pod.podId);
    this.#activator.setReadyPods(podIds, containerConcurrency, (podId) => this.#fresh.has(podId), nowMs);
  }

  podBecameReady(podId: string): void {
    this.#fresh.add(podId);
    this.#leases.addFresh(podId);
  }

  podGone(podId: string, nowMs: number): void {
    for (let tickets = this.#activator.forgetPod(podId); tickets > 0; tickets -= 1)
      recordEnd(this.#stats, nowMs, false);
    this.#leases.forget(podId);
    this.#inFlight.delete(podId);
    this.#fresh.delete(podId);
  }

  /** A queue-proxy counted. */
  podMeasured(stats: PodStats, measuredAtMs: number, nowMs: number): void {
    this.#inFlight.set(stats.podId, stats.inFlight);
    for (const _ of this.#activator.reconcile(stats.podId, stats, measuredAtMs)) recordEnd(this.#stats, nowMs, false);
  }

  // --- requests ---

  /** @returns false when the request was refused because too many wait */
  arrive(request: AcquireRequest, name: string, nowMs: number): boolean {
    const isRepeated = this.#activator.isWaiting(request.requestId);
    if (this.#activator.arrive(request, nowMs).outcome === "full") {
      const message = `${MAX_HELD} requests to ${name} already wait for a pod`;
      this.refuse(request.requestId, "HOLD_QUEUE_FULL", message, 1);
      return false;
    }
    if (!isRepeated) recordArrival(this.#stats, nowMs, false);
    return true;
  }

  cancel(requestId: string, nowMs: number): void {
    if (this.#activator.cancel(requestId)) recordEnd(this.#stats, nowMs, false);
  }

  /** @returns whether the ticket was out */
  released(ticketId: string, nowMs: number): boolean {
    const wasOut = this.#activator.release(ticketId);
    if (wasOut) recordEnd(this.#stats, nowMs, false);
    return wasOut;
  }

  upgraded(ticketId: string, nowMs: number): void {
    if (this.#activator.upgrade(ticketId, nowMs)) recordEnd(this.#stats, nowMs, false);
  }

  /** A lease for an isolate that had one; null when it must ask for each request. */
  renewLease(nowMs: number): Lease | null {
    if (this.#ready.length === 0 || (this.#isLimited && this.#mode === "Proxy")) return null;
    return this.#lease(nowMs);
  }

  /** Step 5 of a cold start: held requests go to the ready pods, first come first served. */
  pump(nowMs: number): void {
    for (const grant of this.#activator.pump(nowMs)) {
      const timing = this.#timing(grant);
      const { requestId } = grant;
      if (grant.kind === "ticket") {
        this.#answers.push({ kind: "ticket", requestId, ticketId: grant.ticketId, podId: grant.podId, timing });
      } else {
        // From here on the queue-proxies count it.
        recordEnd(this.#stats, nowMs, false);
        this.#answers.push({ kind: "lease", requestId, ...this.#lease(nowMs), timing });
      }
    }
  }

  // --- refusals ---

  refuse(requestId: string, code: RefusalCode, message: string, retryAfterSec: number): void {
    this.#answers.push({ kind: "refused", requestId, code, message, retryAfterSec });
  }

  refuseAll(code: RefusalCode, message: string, retryAfterSec: number, nowMs: number): void {
    this.#refuseEach(this.#activator.takeAll(), code, message, retryAfterSec, nowMs);
  }

  refuseOlderThan(ageMs: number, code: RefusalCode, message: string, retryAfterSec: number, nowMs: number): void {
    this.#refuseEach(this.#activator.takeOlderThan(ageMs, nowMs), code, message, retryAfterSec, nowMs);
  }

  refuseExpired(nowMs: number): void {
    this.#refuseEach(this.#activator.expire(nowMs), "ACTIVATOR_TIMEOUT", "activator request timeout", 1, nowMs);
  }

  /**
   * What was held and ticketed since the last call, as the activator reports it to the autoscaler. Sockets and requests
   * of a previous life are known once a second from the queue-proxies, so that their number stands for the average.
   */
  measure(nowMs: number): Stat {
    const report = reportRequestStats(this.#stats, nowMs);
    const averageConcurrency = report.averageConcurrency + this.#activator.untracked;
    const { requestCount } = report;
    return { averageConcurrency, averageProxiedConcurrency: 0, requestCount, proxiedRequestCount: 0 };
  }

  #refuseEach(
    waiters: readonly Waiter[],
    code: RefusalCode,
    message: string,
    retryAfterSec: number,
    nowMs: number,
  ): void {
    for (const { requestId } of waiters) {
      recordEnd(this.#stats, nowMs, false);
      this.refuse(requestId, code, message, retryAfterSec);
    }
  }

  #lease(nowMs: number): Lease {
    const podIds = this.#ready.map((pod) => pod.podId);
    return { ...this.#leases.grant(podIds, nowMs), isLimited: this.#isLimited };
  }

  #timing(grant: Grant): HoldTiming {
    const { heldMs } = grant;
    if (!grant.isCold) return { heldMs, startMs: 0, readyMs: 0, cold: false };
    const podId = grant.kind === "ticket" ? grant.podId : null;
    const pods = this.#ready.filter((pod) => podId === null || pod.podId === podId);
    const latest = pods.reduce((a, b) => (b.readyAtMs > a.readyAtMs ? b : a), pods[0] ?? NO_POD);
    return { heldMs, startMs: latest.startMs, readyMs: latest.readyMs, cold: true };
  }
}

const NO_POD = { startMs: 0, readyMs: 0, readyAtMs: 0 };
