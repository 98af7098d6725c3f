/**
 * The pods of one revision, spread over agents: Knative's Deployment. Told how many replicas are wanted, it makes pods,
 * finds places for them, follows what the agents report, and lets surplus pods go without losing a request.
 */
import type {
  AgentPodsReport,
  AgentRef,
  AssignmentResult,
  RevisionDescription,
  RevisionOrder,
} from "../protocol/objects.ts";
import type { PodStatus } from "../protocol/pod.ts";
import { type AssignCall, Assigner } from "./assigner.ts";
import { SCHEDULING_DEADLINE_MS } from "./observation.ts";
import { unschedulableMessage } from "./placement.ts";
import { PodBook } from "./pod-book.ts";
import { inState, type PodRecord } from "./pod-record.ts";
import { scaleTo } from "./scale.ts";
import type { AgentContact, DeploymentSnapshot } from "./snapshot.ts";
import { afterFailure, isStable, type StartFailures } from "./start-failures.ts";

/** What keeps a leaving pod alive, as others know it. */
export type PodUse = {
  /** Nobody has a grant for the pod from then on. */
  grantsEndMs(podId: string): number;
  /** Tickets and sockets that were not returned. */
  outstanding(podId: string): number;
  /** Requests in the pod as its queue-proxy last counted. */
  inFlight(podId: string): number;
};

export class Deployment {
  readonly #book: PodBook;
  readonly #assigner: Assigner;
  #agents: readonly AgentRef[];
  readonly #contacts: Map<string, AgentContact>;
  #failures: StartFailures | null;
  #unplacedSinceMs: number | null = null;
  readonly #newPodId: () => string;
  #version = 0;

  constructor(snapshot: DeploymentSnapshot | null, newPodId: () => string) {
    this.#newPodId = newPodId;
    this.#book = new PodBook(snapshot?.pods);
    this.#assigner = new Assigner(snapshot?.assignSequence ?? 0);
    this.#agents = snapshot?.agents ?? [];
    this.#contacts = new Map(snapshot?.contacts.map((contact) => [contact.agentUid, contact]));
    this.#failures = snapshot?.failures ?? null;
    this.resync();
  }

  // --- what there is ---

  get version(): number {
    return this.#version + this.#book.version;
  }

  get size(): number {
    return this.#book.size;
  }

  /** No pod is left, and no agent may hold one that it was not told to drop. */
  get isGone(): boolean {
    return this.#book.size === 0 && this.#assigner.isSettled;
  }

  get failures(): StartFailures | null {
    return this.#failures;
  }

  /** Every pod that is wanted is ready, and no other is left. */
  get isAtRest(): boolean {
    return this.#book.all().every((pod) => pod.state === "ready");
  }

  replicas(): readonly PodRecord[] {
    return this.#book.replicas();
  }

  /** Ready, and reachable at the address that its agent gave: the private service. */
  ready(): PodRecord[] {
    return this.#book.ready().filter((pod) => this.contact(pod.podId)?.dataUrl != null);
  }

  get(podId: string): PodRecord | undefined {
    return this.#book.get(podId);
  }

  contact(podId: string): AgentContact | undefined {
    const agentUid = this.#book.get(podId)?.agentUid;
    return agentUid == null ? undefined : this.#contacts.get(agentUid);
  }

  /** Failed starts forbid a new one for now. */
  isBackingOff(nowMs: number): boolean {
    return this.#failures !== null && nowMs < this.#failures.retryAtMs;
  }

  get isUnplaced(): boolean {
    return this.#unplacedSinceMs !== null;
  }

  /** Why pods have no place, once that has lasted too long to be called a delay. */
  unplacedMessage(order: RevisionOrder, nowMs: number): string | null {
    if (this.#unplacedSinceMs === null || nowMs < this.#unplacedSinceMs + SCHEDULING_DEADLINE_MS) return null;
    return this.placementProblem(order);
  }

  placementProblem(order: RevisionOrder): string {
    return unschedulableMessage(this.#agents, order.template.driver, this.#assigner.refusals);
  }

  describe(use: PodUse): RevisionDescription["pods"] {
    return this.#book.all().map(({ podId, agentUid, state }) => ({
      ...{ podId, agentUid, state },
      inFlight: use.inFlight(podId),
      ticketed: use.outstanding(podId),
    }));
  }

  snapshot(): DeploymentSnapshot {
    return {
      pods: this.#book.all(),
      assignSequence: this.#assigner.sequence,
      agents: this.#agents,
      contacts: [...this.#contacts.values()],
      failures: this.#failures,
    };
  }

  // --- what happens ---

  /** @returns whether the list is news */
  agentsKnown(agents: readonly AgentRef[]): boolean {
    if (JSON.stringify(agents) === JSON.stringify(this.#agents)) return false;
    this.#agents = agents;
    this.#version += 1;
    this.#assigner.retryNow();
    this.#unplacedSinceMs = null;
    return true;
  }

  /**
   * An Agent object reported the pods of this revision on its machine.
   * @returns pods that became ready and pods that are gone; null when the report is older than what is known
   */
  podsReported(report: AgentPodsReport, nowMs: number): { becameReady: string[]; gone: string[] } | null {
    const { agentUid, sequence, dataUrl, keyEpoch, connection } = report;
    const contact = this.#contacts.get(agentUid);
    if (contact !== undefined && sequence <= contact.sequence) return null;
    this.#contacts.set(agentUid, { agentUid, sequence, dataUrl, keyEpoch, connection });
    this.#version += 1;
    const news = { becameReady: [] as string[], gone: [] as string[] };
    if (connection === "Lost") news.gone = this.#dropAllOf(agentUid);
    else for (const status of report.pods) this.#podReported(agentUid, status, news, nowMs);
    return news;
  }

  /** @returns pods that are gone: their agent will hear of it when it comes back */
  assignAnswered(call: AssignCall, result: AssignmentResult, nowMs: number): string[] {
    this.#assigner.answered(call, result, this.#book, nowMs);
    const isAbsent = result.connection === "Lost" || result.connection === "NeverSeen";
    return isAbsent ? this.#dropAllOf(call.agentUid) : [];
  }

  assignFailed(call: AssignCall, reason: string, nowMs: number): void {
    this.#assigner.failed(call, reason, this.#book, nowMs);
  }

  /** Says everything again to every agent that has a pod. */
  resync(): void {
    for (const agentUid of this.#book.agents()) this.#assigner.touch(agentUid);
  }

  stopAll(nowMs: number): void {
    for (const pod of this.#book.all()) {
      if (pod.state === "placing") this.#drop(pod);
      else this.#stop(pod, nowMs);
    }
  }

  // --- what follows from it ---

  /** Makes, takes back or lets go of pods until there are `replicas`; makes none while backing off. */
  scaleTo(replicas: number, use: PodUse, nowMs: number): void {
    // Also while backing off a pod that is leaving may come back: it is warm.
    const standing = this.#book.all().filter((pod) => pod.state !== "stopping").length;
    const allowed = this.isBackingOff(nowMs) ? Math.min(replicas, standing) : replicas;
    const burdenOf = (podId: string) => ({ inFlight: use.inFlight(podId) });
    const { changed, dropped } = scaleTo(this.#book.all(), allowed, burdenOf, this.#newPodId, nowMs);
    for (const pod of changed) {
      // It worked until it was not needed: what failed before it is over, or the revision would fall asleep as a failed one.
      if (pod.state !== "ready" && pod.readyAtMs > 0) this.#forgive();
      if (pod.state === "stopping") this.#stop(pod, nowMs);
      else this.#book.put(pod);
    }
    for (const podId of dropped) {
      const pod = this.#book.get(podId);
      if (pod !== undefined) this.#drop(pod);
    }
  }

  /** A pod that is leaving stops when nobody holds a grant for it any more. */
  stopForgotten(use: PodUse, nowMs: number): void {
    for (const pod of this.#book.all()) {
      if (pod.state !== "leaving" || nowMs < use.grantsEndMs(pod.podId)) continue;
      if (use.outstanding(pod.podId) === 0) this.#stop(pod, nowMs);
    }
  }

  /**
   * The calls that bring the agents in line.
   * @param drainLimitMs for pods that stop; null = as long as their requests take
   */
  plan(order: RevisionOrder, drainLimitMs: number | null, nowMs: number): { calls: AssignCall[]; isStuck: boolean } {
    const context = { revisionUid: order.revisionUid, template: order.template, drainLimitMs };
    const plan = this.#assigner.plan(this.#book, this.#agents, context, nowMs);
    if (plan.calls.length > 0) this.#version += 1;
    this.#noteUnplaced(nowMs);
    if (this.#book.ready().some(({ readyAtMs }) => isStable(readyAtMs, nowMs))) this.#forgive();
    return plan;
  }

  /** @param replicas that are wanted; @returns when to look again though nothing happens; null = never */
  wakeAtMs(replicas: number, use: PodUse): number | null {
    const times: number[] = [];
    if (this.#assigner.retryAtMs !== null && this.#book.size > 0) times.push(this.#assigner.retryAtMs);
    if (this.#assigner.callAgainAtMs !== null) times.push(this.#assigner.callAgainAtMs);
    if (this.#failures !== null && this.#book.replicas().length < replicas) times.push(this.#failures.retryAtMs);
    for (const pod of this.#book.all()) {
      if (pod.state === "leaving" && use.outstanding(pod.podId) === 0) times.push(use.grantsEndMs(pod.podId));
    }
    return times.length === 0 ? null : Math.min(...times);
  }

  #podReported(
    agentUid: string,
    status: PodStatus,
    news: { becameReady: string[]; gone: string[] },
    nowMs: number,
  ): void {
    const pod = this.#book.get(status.podId);
    const hasEnded = status.phase === "failed" || status.phase === "stopped";
    if (pod === undefined || pod.agentUid !== agentUid) {
      // It was given up and a reset forgot to tell the agent: it hears now.
      return hasEnded ? undefined : this.#assigner.touch(agentUid);
    }
    if (hasEnded) {
      if (status.phase === "failed" && pod.state !== "stopping") this.#noteFailure(pod, status, nowMs);
      this.#drop(pod);
      news.gone.push(pod.podId);
      return;
    }
    if (status.phase === "draining" && pod.state !== "stopping") return this.#stop(pod, nowMs);
    if (pod.state === "leaving" || pod.state === "stopping") return;
    const unready = status.phase === "starting" ? (status.message ?? null) : null;
    const known = { ...pod, startMs: status.startMs, readyMs: status.readyMs, unready };
    if (status.phase === "ready" && pod.state !== "ready") {
      this.#book.put(inState({ ...known, readyAtMs: nowMs }, "ready", nowMs));
      // One that was ready before (its agent restarted and probed it again) may have leases and tickets out.
      if (pod.readyAtMs === 0) news.becameReady.push(pod.podId);
    } else if (status.phase === "starting" && (pod.state !== "starting" || unready !== (pod.unready ?? null))) {
      this.#book.put(inState(known, "starting", nowMs));
    }
  }

  #noteFailure(pod: PodRecord, status: PodStatus, nowMs: number): void {
    this.#failures = afterFailure(this.#failures, status, pod.readyAtMs, nowMs);
    this.#version += 1;
  }

  #forgive(): void {
    if (this.#failures === null) return;
    this.#failures = null;
    this.#version += 1;
  }

  #noteUnplaced(nowMs: number): void {
    const states = this.#book.replicas().map((pod) => pod.state);
    // One that has a place is reason enough to wait, however long it takes to start.
    if (states.some((state) => state !== "placing")) this.#unplacedSinceMs = null;
    else if (states.length > 0) this.#unplacedSinceMs ??= nowMs;
  }

  #stop(pod: PodRecord, nowMs: number): void {
    this.#book.put(inState(pod, "stopping", nowMs));
    if (pod.agentUid !== null) this.#assigner.touch(pod.agentUid);
  }

  #drop(pod: PodRecord): void {
    this.#book.drop(pod.podId);
    if (pod.agentUid !== null) this.#assigner.touch(pod.agentUid);
  }

  #dropAllOf(agentUid: string): string[] {
    const pods = this.#book.onAgent(agentUid);
    for (const pod of pods) this.#drop(pod);
    return pods.map((pod) => pod.podId);
  }
}
