/**
 * A revision's machine with agents that obey at once, on a clock that the test moves. Agents answer an assignment, start
 * pods after `startMs` and stop them after `stopMs`; the test decides what goes wrong.
 */

import type { ScalingSpec } from "../../../src/core/autoscaler/spec.ts";
import type { AcquireRequest } from "../../../src/core/protocol/admission.ts";
import type { AgentRef, RevisionObservation, RevisionOrder } from "../../../src/core/protocol/objects.ts";
import type { PodStatus, PodTemplate } from "../../../src/core/protocol/pod.ts";
import type { AssignCall } from "../../../src/core/revision/assigner.ts";
import type { Answer } from "../../../src/core/revision/effects.ts";
import { RevisionMachine } from "../../../src/core/revision/machine.ts";

export const template: PodTemplate = {
  namespace: "default",
  service: "hello",
  configuration: "hello",
  revision: "hello-00001",
  driver: "process",
  image: "hello",
  command: ["node", "server.js"],
  args: [],
  env: [],
  containerPort: 8080,
  protocol: "http1",
  containerConcurrency: 0,
  timeoutSec: 300,
  responseStartTimeoutSec: 0,
  idleTimeoutSec: 0,
  readinessProbe: {
    handler: { type: "tcp" },
    periodSec: 0,
    timeoutSec: 1,
    successThreshold: 1,
    failureThreshold: 3,
    initialDelaySec: 0,
  },
  progressDeadlineSec: 600,
};

/** config-autoscaler's defaults without a concurrency limit. */
export const scaling: ScalingSpec = {
  metric: "concurrency",
  aggregation: "linear",
  targetValue: 70,
  totalValue: 100,
  targetBurstCapacity: 211,
  activatorCapacity: 100,
  maxScaleUpRate: 1000,
  maxScaleDownRate: 2,
  panicThreshold: 2,
  stableWindowMs: 60_000,
  panicWindowMs: 6_000,
  scaleDownDelayMs: 0,
  initialScale: 1,
  activationScale: 1,
  minScale: 0,
  maxScale: 0,
  enableScaleToZero: true,
  scaleToZeroGracePeriodMs: 30_000,
  scaleToZeroPodRetentionMs: 0,
  progressDeadlineMs: 600_000,
};

type AgentPod = {
  status: PodStatus;
  readyAtMs: number;
  goneAtMs: number | null;
  inFlight: number;
  /** Request ids of open sockets; they came with tickets and are in flight too. */
  sockets?: string[];
};

export class FakeAgent {
  readonly ref: AgentRef;
  readonly pods = new Map<string, AgentPod>();
  refuses: string | null = null;
  sequence = 0;
  startMs = 50;
  /** Set to make the next starts fail with this exit code. */
  crashCode: number | null = null;
  /** Set to make every call to the Agent object fail. */
  isDeaf = false;
  /** How often the Agent object was called. */
  calls = 0;
  /** While the agent is away it takes no new pod and reports nothing; what it runs goes on. */
  connection: "Connected" | "Disconnected" | "Lost" = "Connected";
  /** Sequence of the last assignment that it took. */
  assigned = 0;

  constructor(agentUid: string) {
    this.ref = { agentUid, name: `machine-${agentUid}`, drivers: ["process"] };
  }
}

export class World {
  nowMs = 1_700_000_000_000;
  readonly agents: FakeAgent[];
  machine: RevisionMachine;
  readonly answers: Answer[] = [];
  observation: RevisionObservation | null = null;
  isFinished = false;
  wakeAtMs: number | null = null;
  /** Above zero, assignments and their answers are under way this long, and a reset loses the answers. */
  callDelayMs = 0;
  #underWay: { readonly atMs: number; readonly call: AssignCall; readonly machine: RevisionMachine }[] = [];
  #nextPod = 1;
  #nextRequest = 1;
  #nextStatsMs = 0;

  constructor(agents = 1) {
    this.agents = Array.from({ length: agents }, (_, index) => new FakeAgent(`a${index + 1}`));
    this.machine = this.#newMachine(null);
  }

  #newMachine(snapshot: ConstructorParameters<typeof RevisionMachine>[0]): RevisionMachine {
    return new RevisionMachine(snapshot, () => `pod-${this.#nextPod++}`, this.nowMs);
  }

  order(changes: { template?: Partial<PodTemplate>; scaling?: Partial<ScalingSpec>; sequence?: number } = {}): this {
    const order: RevisionOrder = {
      revisionUid: "rev-1",
      controlPlaneId: "cp",
      sequence: changes.sequence ?? 1,
      template: { ...template, ...changes.template },
      scaling: { ...scaling, ...changes.scaling },
      reachability: "Reachable",
      agents: this.agents.map((agent) => agent.ref),
    };
    this.machine.applyOrder(order, this.nowMs);
    this.perform();
    return this;
  }

  /** The object is reset: memory is gone, what was saved is not. */
  reset(): void {
    this.machine = this.#newMachine(JSON.parse(JSON.stringify(this.machine.snapshot())));
    this.perform();
  }

  request(changes: Partial<AcquireRequest> = {}): string {
    const requestId = changes.requestId ?? `r${this.#nextRequest++}`;
    const timeoutMs = (this.machine.order?.template.timeoutSec ?? 300) * 1000;
    this.machine.arrive(
      {
        requestId,
        arrivedAtMs: this.nowMs,
        deadlineMs: this.nowMs + timeoutMs,
        attempt: 0,
        avoidPods: [],
        needTicket: false,
        ...changes,
      },
      this.nowMs,
    );
    this.perform();
    return requestId;
  }

  answerTo(requestId: string): Answer | undefined {
    return this.answers.find((answer) => answer.requestId === requestId);
  }

  release(requestId: string): void {
    const answer = this.answerTo(requestId);
    if (answer?.kind !== "ticket") throw new Error(`${requestId} has no ticket`);
    this.machine.released(answer.ticketId, this.nowMs);
    this.perform();
  }

  /** Lets time pass, with the machine's timer and the agents' work at their moments. */
  advance(ms: number): void {
    const endMs = this.nowMs + ms;
    for (;;) {
      const calls = Math.min(...this.#underWay.map(({ atMs }) => atMs));
      const next = Math.min(this.wakeAtMs ?? Number.POSITIVE_INFINITY, this.#nextAgentMs(), calls);
      if (next > endMs) break;
      this.nowMs = Math.max(this.nowMs, next);
      this.#arriveCalls();
      this.#agentsWork();
      if (this.wakeAtMs !== null && this.wakeAtMs <= this.nowMs) {
        this.machine.wake(this.nowMs);
        this.perform();
      }
    }
    this.nowMs = endMs;
  }

  report(agent: FakeAgent, connection: "Connected" | "Disconnected" | "Lost" = "Connected"): void {
    agent.sequence += 1;
    this.machine.podsReported(
      {
        agentUid: agent.ref.agentUid,
        sequence: agent.sequence,
        connection,
        dataUrl: `http://${agent.ref.agentUid}:8012`,
        keyEpoch: 1,
        pods: [...agent.pods.values()].map((pod) => pod.status),
      },
      this.nowMs,
    );
    this.perform();
  }

  get running(): number {
    return this.agents.reduce((sum, agent) => sum + agent.pods.size, 0);
  }

  perform(): void {
    const effects = this.machine.takeEffects();
    this.answers.push(...effects.answers);
    if (effects.observation !== null) this.observation = effects.observation;
    this.wakeAtMs = effects.wakeAtMs;
    if (effects.isFinished) this.isFinished = true;
    for (const call of effects.calls) {
      if (this.callDelayMs === 0) this.#assign(call, this.machine);
      else this.#underWay.push({ atMs: this.nowMs + this.callDelayMs, call, machine: this.machine });
    }
    if (effects.wantsAgents) {
      this.machine.agentsKnown(
        this.agents.map((agent) => agent.ref),
        this.nowMs,
      );
      this.perform();
    }
  }

  /** The agent says what it has, connected again. */
  comeBack(agent: FakeAgent): void {
    agent.connection = "Connected";
    this.report(agent);
    this.#forgetEnded(agent);
  }

  goAway(agent: FakeAgent, connection: "Disconnected" | "Lost"): void {
    agent.connection = connection;
    this.report(agent, connection);
  }

  /** A pod ends without having been asked to. */
  crash(agent: FakeAgent, podId: string): void {
    const pod = agent.pods.get(podId);
    if (pod === undefined) return;
    pod.status = { ...pod.status, phase: "failed", reason: "ExitCode", exitCode: 1 };
    if (agent.connection === "Connected") this.comeBack(agent);
  }

  #arriveCalls(): void {
    const due = this.#underWay.filter(({ atMs }) => atMs <= this.nowMs);
    this.#underWay = this.#underWay.filter(({ atMs }) => atMs > this.nowMs);
    for (const { call, machine } of due) this.#assign(call, machine);
  }

  #assign(call: AssignCall, machine: RevisionMachine): void {
    const agent = this.agents.find((candidate) => candidate.ref.agentUid === call.agentUid);
    if (agent !== undefined) agent.calls += 1;
    if (agent === undefined || agent.isDeaf) {
      machine.assignFailed(call, "no answer", this.nowMs);
      return this.perform();
    }
    if (call.assignment.sequence <= agent.assigned) return this.#answer(call, machine, agent, []);
    agent.assigned = call.assignment.sequence;
    const refused: { podId: string; reason: string }[] = [];
    const wanted = new Set<string>();
    for (const pod of call.assignment.pods) {
      wanted.add(pod.podId);
      const known = agent.pods.get(pod.podId);
      if (pod.wanted === "retiring") {
        if (known === undefined) agent.pods.set(pod.podId, this.#neverRan(pod.podId));
        else known.goneAtMs ??= this.nowMs + 20;
      } else if (known === undefined && (agent.refuses !== null || agent.connection !== "Connected")) {
        refused.push({ podId: pod.podId, reason: agent.refuses ?? "its agent is not connected" });
      } else if (known === undefined) {
        const status: PodStatus = { podId: pod.podId, revisionUid: "rev-1", phase: "starting", startMs: 0, readyMs: 0 };
        agent.pods.set(pod.podId, { status, readyAtMs: this.nowMs + agent.startMs, goneAtMs: null, inFlight: 0 });
      }
    }
    for (const [podId, pod] of agent.pods) if (!wanted.has(podId)) pod.goneAtMs ??= this.nowMs + 20;
    this.#answer(call, machine, agent, refused);
  }

  #answer(
    call: AssignCall,
    machine: RevisionMachine,
    agent: FakeAgent,
    refused: { podId: string; reason: string }[],
  ): void {
    machine.assignAnswered(call, { connection: agent.connection, refused }, this.nowMs);
    this.perform();
  }

  #neverRan(podId: string): AgentPod {
    const status: PodStatus = { podId, revisionUid: "rev-1", phase: "starting", startMs: 0, readyMs: 0 };
    return { status, readyAtMs: this.nowMs, goneAtMs: this.nowMs, inFlight: 0 };
  }

  #forgetEnded(agent: FakeAgent): void {
    for (const [podId, pod] of agent.pods) {
      if (pod.status.phase === "stopped" || pod.status.phase === "failed") agent.pods.delete(podId);
    }
  }

  #nextAgentMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const agent of this.agents) {
      if (agent.connection !== "Connected") continue;
      for (const pod of agent.pods.values()) {
        if (pod.status.phase === "starting") next = Math.min(next, pod.readyAtMs);
        if (pod.goneAtMs !== null) next = Math.min(next, pod.goneAtMs);
      }
    }
    if (this.running > 0) next = Math.min(next, Math.max(this.#nextStatsMs, this.nowMs));
    return next;
  }

  #agentsWork(): void {
    for (const agent of this.agents) {
      if (agent.connection !== "Connected") continue;
      let isChanged = false;
      for (const [podId, pod] of agent.pods) {
        if (pod.goneAtMs !== null && pod.goneAtMs <= this.nowMs) {
          agent.pods.set(podId, { ...pod, status: { ...pod.status, phase: "stopped" } });
          isChanged = true;
        } else if (pod.status.phase === "starting" && pod.readyAtMs <= this.nowMs) {
          pod.status =
            agent.crashCode === null
              ? { ...pod.status, phase: "ready", startMs: 5, readyMs: agent.startMs - 5 }
              : { ...pod.status, phase: "failed", reason: "ExitCode", exitCode: agent.crashCode, message: "boom" };
          isChanged = true;
        }
      }
      if (isChanged) this.report(agent);
      this.#forgetEnded(agent);
    }
    if (this.nowMs >= this.#nextStatsMs) this.#sendStats();
  }

  #sendStats(): void {
    this.#nextStatsMs = this.nowMs + 1_000;
    for (const agent of this.agents) {
      if (agent.connection !== "Connected") continue;
      const pods = [...agent.pods.values()].map((pod) => ({
        podId: pod.status.podId,
        revisionUid: "rev-1",
        averageConcurrency: pod.inFlight + (pod.sockets?.length ?? 0),
        averageProxiedConcurrency: pod.sockets?.length ?? 0,
        requestCount: pod.inFlight,
        proxiedRequestCount: 0,
        inFlight: pod.inFlight + (pod.sockets?.length ?? 0),
        proxiedInFlight: pod.sockets?.length ?? 0,
        queueDepth: 0,
        sockets: pod.sockets ?? [],
      }));
      if (pods.length > 0) {
        this.machine.statsReported({ agentUid: agent.ref.agentUid, measuredAtMs: this.nowMs, pods }, this.nowMs);
        this.perform();
      }
    }
  }
}
