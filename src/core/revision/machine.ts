/**
 * One revision, as a machine: events in, effects out, time given. It composes the parts that decide:
 *
 *     autoscaler ── replicas ──▶ deployment ◀── reports ── agents
 *         ▲                          │ ready pods (the private service)
 *         ├── stats of queue-proxies ▼
 *         └── stats of ──────── admissions ◀── requests           mode: Proxy | Serve (the public service)
 *                               (activator, leases)
 *
 * Ticketed requests come and go by the hundred per second, so `arrive`, `cancel`, `released` and `upgraded` touch the
 * admissions only; everything else ends in `#settle`, which brings pods, calls and conditions in line.
 */
import { type Autoscaler, createAutoscaler } from "../autoscaler/autoscaler.ts";
import type { AcquireRequest } from "../protocol/admission.ts";
import type {
  AgentPodsReport,
  AgentRef,
  AgentStatsReport,
  AssignmentResult,
  RevisionDescription,
  RevisionObservation,
  RevisionOrder,
} from "../protocol/objects.ts";
import { Admissions, type Lease } from "./admissions.ts";
import type { AssignCall } from "./assigner.ts";
import { Deployment } from "./deployment.ts";
import type { Effects } from "./effects.ts";
import { failureOf, MAX_PODS_TOLD, SCHEDULING_DEADLINE_MS, saysTheSame, unreadyOf } from "./observation.ts";
import { Pace } from "./pace.ts";
import type { AgentContact, RevisionSnapshot } from "./snapshot.ts";

export class RevisionMachine {
  #order: RevisionOrder | null;
  #autoscaler: Autoscaler | null = null;
  readonly #deployment: Deployment;
  readonly #admissions: Admissions;
  readonly #pace = new Pace();
  #replicas: number;
  #isDestroyed: boolean;
  #observation: RevisionObservation | null;
  #excessBurstCapacity = 0;
  #version = 0;
  #calls: AssignCall[] = [];
  #wantsAgents = false;
  #toObserve: RevisionObservation | null = null;

  /**
   * @param snapshot what an earlier life saved; null for a new object
   * @param newPodId makes pod ids: letters, digits and `-`, never the same twice
   */
  constructor(snapshot: RevisionSnapshot | null, newPodId: () => string, nowMs: number) {
    this.#order = snapshot?.order ?? null;
    this.#deployment = new Deployment(snapshot?.deployment ?? null, newPodId);
    this.#admissions = new Admissions(nowMs);
    this.#replicas = snapshot?.replicas ?? 0;
    this.#isDestroyed = snapshot?.isDestroyed ?? false;
    this.#observation = snapshot?.observation ?? null;
    if (this.#order === null) return;
    const ready = this.#deployment.ready().length;
    this.#autoscaler = createAutoscaler(this.#order.scaling, ready, nowMs, snapshot?.autoscaler ?? undefined);
    if (this.#deployment.size > 0 || this.#replicas > 0) this.#pace.disturb(nowMs);
    this.#settle(nowMs);
  }

  // --- events from the control plane ---

  applyOrder(order: RevisionOrder, nowMs: number): void {
    if (this.#isDestroyed || (this.#order !== null && order.sequence <= this.#order.sequence)) return;
    this.#order = order;
    this.#version += 1;
    this.#deployment.agentsKnown(order.agents);
    if (this.#autoscaler === null) this.#autoscaler = createAutoscaler(order.scaling, 0, nowMs);
    else this.#autoscaler.updateSpec(order.scaling, nowMs);
    this.#scale(nowMs);
    this.#settle(nowMs);
  }

  agentsKnown(agents: readonly AgentRef[], nowMs: number): void {
    if (!this.#deployment.agentsKnown(agents)) return;
    this.#pace.hurry(nowMs);
    this.#settle(nowMs);
  }

  destroy(nowMs: number): void {
    this.#isDestroyed = true;
    this.#version += 1;
    this.#deployment.stopAll(nowMs);
    this.#settle(nowMs);
  }

  // --- events from gateways ---

  arrive(request: AcquireRequest, nowMs: number): void {
    if (this.#order === null || this.#isDestroyed) {
      this.#admissions.refuse(request.requestId, "REVISION_GONE", "the revision does not exist any more", 1);
      return;
    }
    if (!this.#admissions.arrive(request, this.#name(), nowMs)) return;
    this.#pace.disturb(nowMs);
    if (this.#admissions.hasReadyPods) this.#admissions.pump(nowMs);
    else if (this.#replicas === 0) this.#scaleFromZero(nowMs);
    else if (this.#deployment.replicas().length === 0) this.#settle(nowMs);
  }

  /** A lease for an isolate that had one; null when it must ask for each request, or when no pod takes requests. */
  renewLease(nowMs: number): Lease | null {
    return this.#isDestroyed ? null : this.#admissions.renewLease(nowMs);
  }

  cancel(requestId: string, nowMs: number): void {
    this.#admissions.cancel(requestId, nowMs);
  }

  released(ticketId: string, nowMs: number): void {
    if (this.#admissions.released(ticketId, nowMs) && this.#admissions.held > 0) this.#admissions.pump(nowMs);
  }

  upgraded(ticketId: string, nowMs: number): void {
    this.#admissions.upgraded(ticketId, nowMs);
  }

  // --- events from agents ---

  podsReported(report: AgentPodsReport, nowMs: number): void {
    const news = this.#deployment.podsReported(report, nowMs);
    if (news === null) return;
    for (const podId of news.becameReady) this.#admissions.podBecameReady(podId);
    this.#forget(news.gone, nowMs);
    if (news.becameReady.length > 0 || news.gone.length > 0) this.#pace.hurry(nowMs);
    this.#settle(nowMs);
  }

  statsReported(report: AgentStatsReport, nowMs: number): void {
    const measuredAtMs = Math.min(report.measuredAtMs, nowMs);
    for (const stats of report.pods) {
      if (this.#deployment.get(stats.podId) === undefined) continue;
      this.#admissions.podMeasured(stats, measuredAtMs, nowMs);
      this.#autoscaler?.record(stats, nowMs);
      if (stats.averageConcurrency > 0 || stats.requestCount > 0) this.#pace.disturb(nowMs);
    }
    if (this.#admissions.held > 0) this.#admissions.pump(nowMs);
  }

  assignAnswered(call: AssignCall, result: AssignmentResult, nowMs: number): void {
    this.#forget(this.#deployment.assignAnswered(call, result, nowMs), nowMs);
    this.#settle(nowMs);
  }

  assignFailed(call: AssignCall, reason: string, nowMs: number): void {
    this.#deployment.assignFailed(call, reason, nowMs);
    this.#settle(nowMs);
  }

  // --- time ---

  wake(nowMs: number): void {
    this.#admissions.refuseExpired(nowMs);
    if (this.#pace.isMeasureDue(nowMs)) {
      this.#pace.measured(nowMs);
      this.#autoscaler?.record(this.#admissions.measure(nowMs), nowMs);
    }
    if (this.#pace.isScaleDue(nowMs)) this.#scale(nowMs);
    this.#settle(nowMs);
  }

  /** Says everything again to every agent, in case a message was lost (the persisted alarm calls it). */
  resync(nowMs: number): void {
    this.#deployment.resync();
    this.#settle(nowMs);
  }

  // --- what the shell reads ---

  /** Takes the effects of all events since the last call. */
  takeEffects(): Effects {
    const effects: Effects = {
      answers: this.#admissions.takeAnswers(),
      calls: this.#calls,
      observation: this.#toObserve,
      wantsAgents: this.#wantsAgents,
      isFinished: this.#isDestroyed && this.#deployment.isGone,
      wakeAtMs: this.#wakeAtMs(),
    };
    this.#calls = [];
    this.#toObserve = null;
    this.#wantsAgents = false;
    return effects;
  }

  /** Changes whenever `snapshot` would differ. */
  get version(): number {
    return this.#version + this.#deployment.version;
  }

  /** Pods exist or are wanted, an agent has to be told, or requests wait: the object must not depend on memory alone. */
  get isActive(): boolean {
    const isWanted = this.#replicas > 0 && !this.#isDestroyed;
    return isWanted || !this.#deployment.isGone || this.#admissions.held > 0;
  }

  /** Every pod that is wanted is ready, and no other is left. */
  get isAtRest(): boolean {
    const wanted = this.#isDestroyed ? 0 : this.#replicas;
    return this.#deployment.isAtRest && this.#deployment.ready().length === wanted;
  }

  get order(): RevisionOrder | null {
    return this.#order;
  }

  contact(podId: string): AgentContact | undefined {
    return this.#deployment.contact(podId);
  }

  snapshot(): RevisionSnapshot {
    return {
      order: this.#order,
      deployment: this.#deployment.snapshot(),
      replicas: this.#replicas,
      isDestroyed: this.#isDestroyed,
      observation: this.#observation,
      autoscaler: this.#autoscaler?.persisted() ?? null,
    };
  }

  describe(): RevisionDescription {
    return {
      revisionUid: this.#order?.revisionUid ?? "",
      mode: this.#admissions.mode,
      desiredScale: this.#replicas,
      actualScale: this.#deployment.ready().length,
      held: this.#admissions.held,
      tickets: this.#admissions.ticketed,
      pods: this.#deployment.describe(this.#admissions),
      excessBurstCapacity: this.#excessBurstCapacity,
      hasTimer: this.#wakeAtMs() !== null,
    };
  }

  // --- decisions ---

  #name(): string {
    return this.#order === null ? "" : `${this.#order.template.namespace}/${this.#order.template.revision}`;
  }

  /** Steps 2 and 3 of a cold start: the activator reports at once, the autoscaler scales at once. */
  #scaleFromZero(nowMs: number): void {
    const first = { averageConcurrency: 1, averageProxiedConcurrency: 0, requestCount: 1, proxiedRequestCount: 0 };
    this.#autoscaler?.record(first, nowMs);
    this.#scale(nowMs);
    this.#settle(nowMs);
  }

  #scale(nowMs: number): void {
    const order = this.#order;
    if (order === null || this.#autoscaler === null || this.#isDestroyed) return;
    const before = JSON.stringify(this.#autoscaler.persisted());
    const ready = this.#deployment.ready().length;
    const result = this.#autoscaler.tick({
      readyPods: ready,
      pendingPods: this.#deployment.replicas().length - ready,
      currentReplicas: this.#replicas,
      reachability: order.reachability,
      nowMs,
    });
    const isChanged = JSON.stringify(this.#autoscaler.persisted()) !== before;
    if (result.replicas !== this.#replicas || isChanged) this.#version += 1;
    this.#replicas = result.replicas;
    this.#excessBurstCapacity = result.excessBurstCapacity;
    this.#admissions.setMode(result.mode);
    const isBusy = this.#admissions.held + this.#admissions.ticketed > 0 || !this.#deployment.isAtRest;
    this.#pace.scaled(result.requeueAfterMs, result.isFixedPoint && !isBusy && this.#replicas === ready, nowMs);
  }

  #settle(nowMs: number): void {
    const order = this.#order;
    if (order === null) return;
    if (!this.#isDestroyed) this.#deployment.scaleTo(this.#replicas, this.#admissions, nowMs);
    this.#deployment.stopForgotten(this.#admissions, nowMs);
    this.#admissions.setReadyPods(this.#deployment.ready(), order.template.containerConcurrency, nowMs);
    const drainLimitMs = this.#isDestroyed ? order.template.timeoutSec * 1000 : null;
    const { calls, isStuck } = this.#deployment.plan(order, drainLimitMs, nowMs);
    this.#calls.push(...calls);
    this.#wantsAgents ||= isStuck;
    this.#admissions.pump(nowMs);
    this.#refuseHopeless(order, nowMs);
    if (!this.#isDestroyed) this.#observe(order, nowMs);
  }

  #forget(podIds: readonly string[], nowMs: number): void {
    for (const podId of podIds) this.#admissions.podGone(podId, nowMs);
  }

  /** Waiting would not help: say why at once instead of at the deadline. */
  #refuseHopeless(order: RevisionOrder, nowMs: number): void {
    if (this.#admissions.held === 0) return;
    const { failures } = this.#deployment;
    if (this.#isDestroyed) {
      this.#admissions.refuseAll("REVISION_GONE", `${this.#name()} was deleted`, 1, nowMs);
    } else if (failures !== null && this.#deployment.isBackingOff(nowMs) && this.#deployment.replicas().length === 0) {
      const retryAfterSec = Math.max(1, Math.ceil((failures.retryAtMs - nowMs) / 1000));
      const message = `${this.#name()} did not start. ${failures.message}`;
      this.#admissions.refuseAll("START_FAILED", message, retryAfterSec, nowMs);
    } else if (this.#deployment.isUnplaced && !this.#admissions.hasReadyPods) {
      const message = `no pod for ${this.#name()}: ${this.#deployment.placementProblem(order)}`;
      this.#admissions.refuseOlderThan(SCHEDULING_DEADLINE_MS, "UNSCHEDULABLE", message, 5, nowMs);
    }
  }

  #observe(order: RevisionOrder, nowMs: number): void {
    if (this.#autoscaler === null) return;
    const ready = this.#deployment.ready();
    const actualScale = ready.length;
    const { active, isInitialized } = this.#autoscaler.status();
    const observation: RevisionObservation = {
      revisionUid: order.revisionUid,
      // Never below the time, as with assignments: what was said before a reset lost its record is not said over by a lower one.
      sequence: Math.max((this.#observation?.sequence ?? 0) + 1, nowMs),
      desiredScale: this.#replicas,
      actualScale,
      mode: this.#admissions.mode,
      readyPods: ready.slice(0, MAX_PODS_TOLD).map(({ podId }) => podId),
      isInitialized,
      active: { status: active.status, reason: active.reason, message: active.message },
      ...unreadyOf(actualScale, this.#deployment.replicas()),
      failure: failureOf(actualScale, this.#deployment.failures, this.#deployment.unplacedMessage(order, nowMs)),
    };
    if (saysTheSame(observation, this.#observation)) return;
    this.#observation = observation;
    this.#toObserve = observation;
    this.#version += 1;
  }

  #wakeAtMs(): number | null {
    if (this.#order === null) return null;
    const deployment = this.#deployment.wakeAtMs(this.#isDestroyed ? 0 : this.#replicas, this.#admissions);
    const pace = this.#isDestroyed ? null : this.#pace.wakeAtMs();
    if (deployment === null) return pace;
    return pace === null ? deployment : Math.min(pace, deployment);
  }
}
