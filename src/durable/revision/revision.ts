/**
 * The Revision object: activator, autoscaler and serverless service of one revision. A shell: it feeds events to the
 * machine (src/core/revision/machine.ts), saves what changed and performs the effects.
 */
import { DurableObject } from "cloudflare:workers";
import type { AcquireRequest, AdmissionInfo, Endpoint, PendingAdmission } from "../../core/protocol/admission.ts";
import {
  type AgentPodsReport,
  type AgentRef,
  type AgentRpc,
  type AgentStatsReport,
  CONTROL_PLANE_NAME,
  type ControlPlaneInbox,
  type ObjectNamespace,
  type RevisionDescription,
  type RevisionObservation,
  type RevisionOrder,
  type RevisionRpc,
} from "../../core/protocol/objects.ts";
import type { AssignCall } from "../../core/revision/assigner.ts";
import type { Answer } from "../../core/revision/effects.ts";
import { RevisionMachine } from "../../core/revision/machine.ts";
import { Endpoints } from "./endpoints.ts";
import { RevisionStore } from "./store.ts";
import { Admission } from "./ticket.ts";

type RevisionEnv = {
  readonly AGENT: ObjectNamespace<AgentRpc>;
  readonly CONTROL_PLANE: ObjectNamespace<ControlPlaneInbox>;
  readonly ROUSE_ROOT_KEY: string;
};

/** While there are pods or waiters the object wakes by its alarm at least this often, whatever memory held. */
const BACKSTOP_MS = 30_000;
/** A message to the control plane that failed is sent again after this long. */
const TELL_RETRY_MS = 1_000;
/** setTimeout with more than this overflows; far longer waits are the alarm's. */
const MAX_TIMER_MS = 60_000;

export class Revision extends DurableObject<RevisionEnv> implements Omit<RevisionRpc, "acquire"> {
  readonly #store: RevisionStore;
  readonly #machine: RevisionMachine;
  readonly #endpoints: Endpoints;
  /** Held `acquire` calls by request id. */
  readonly #pending = new Map<string, (answer: Answer) => void>();
  #savedVersion: number;
  #timer: number | null = null;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #alarmAtMs: number | null = null;
  /** Everything was forgotten; nothing may be saved any more. */
  #isFinished = false;

  constructor(ctx: DurableObjectState, env: RevisionEnv) {
    super(ctx, env);
    this.#store = new RevisionStore(ctx.storage.sql);
    this.#machine = new RevisionMachine(this.#store.load(), () => crypto.randomUUID().slice(0, 18), Date.now());
    this.#savedVersion = this.#machine.version;
    this.#endpoints = new Endpoints(env.ROUSE_ROOT_KEY, this.#machine);
    const unsent = this.#store.unsentObservation();
    if (unsent !== null) ctx.waitUntil(this.#observe(unsent));
    this.#perform();
  }

  // --- control plane ---

  async applyOrder(order: RevisionOrder): Promise<void> {
    this.#machine.applyOrder(order, Date.now());
    this.#perform();
  }

  async destroy(_sequence: number): Promise<void> {
    this.#machine.destroy(Date.now());
    this.#perform();
  }

  async agentsChanged(agents: readonly AgentRef[]): Promise<void> {
    this.#machine.agentsKnown(agents, Date.now());
    this.#perform();
  }

  // --- gateways ---

  /** Pending while the request is held; see PendingAdmission for how callers see it. */
  async acquire(request: AcquireRequest): Promise<PendingAdmission> {
    const answer = await new Promise<Answer>((resolve) => {
      // Asked again by the same request (its isolate believes the first call broken): the first one ends.
      this.#pending.get(request.requestId)?.(abandoned(request.requestId));
      this.#pending.set(request.requestId, resolve);
      this.#machine.arrive(request, Date.now());
      this.#perform();
    });
    return (await this.#admission(answer)) as unknown as PendingAdmission;
  }

  async renewLease(): Promise<{ readonly endpoints: readonly Endpoint[]; readonly expiresAtMs: number } | null> {
    const lease = this.#machine.renewLease(Date.now());
    if (lease === null) return null;
    return {
      endpoints: await this.#endpoints.forLease(lease.podIds, lease.expiresAtMs),
      expiresAtMs: lease.expiresAtMs,
    };
  }

  async cancel(requestId: string): Promise<void> {
    this.#pending.get(requestId)?.(abandoned(requestId));
    this.#pending.delete(requestId);
    this.#machine.cancel(requestId, Date.now());
    this.#perform();
  }

  // --- agents ---

  async podsReported(report: AgentPodsReport): Promise<void> {
    this.#machine.podsReported(report, Date.now());
    this.#perform();
  }

  async statsReported(report: AgentStatsReport): Promise<void> {
    this.#machine.statsReported(report, Date.now());
    this.#perform();
  }

  async describe(): Promise<RevisionDescription> {
    return this.#machine.describe();
  }

  // --- time ---

  override async alarm(): Promise<void> {
    this.#alarmAtMs = null;
    this.#machine.resync(Date.now());
    this.#machine.wake(Date.now());
    const observation = this.#store.unsentObservation();
    if (observation !== null) await this.#observe(observation);
    this.#perform();
  }

  // --- effects ---

  #perform(): void {
    const effects = this.#machine.takeEffects();
    // Gateways that have not heard yet still ask.
    if (this.#isFinished) return this.#answer(effects.answers);
    if (effects.observation !== null) this.#store.putObservation(effects.observation);
    if (this.#machine.version !== this.#savedVersion) {
      this.#store.save(this.#machine.snapshot());
      this.#savedVersion = this.#machine.version;
    }
    this.#answer(effects.answers);
    for (const call of effects.calls) this.ctx.waitUntil(this.#assign(call));
    if (effects.observation !== null) this.ctx.waitUntil(this.#observe(effects.observation));
    if (effects.wantsAgents) this.ctx.waitUntil(this.#askForAgents());
    if (effects.isFinished) {
      // A crash before the control plane has heard must not end the telling.
      this.#alarmBy(Date.now() + TELL_RETRY_MS);
      this.ctx.waitUntil(this.#finish());
    }
    this.#wakeAt(effects.wakeAtMs);
    this.#keepBackstop();
  }

  #answer(answers: readonly Answer[]): void {
    for (const answer of answers) {
      this.#pending.get(answer.requestId)?.(answer);
      this.#pending.delete(answer.requestId);
    }
  }

  async #admission(answer: Answer): Promise<Admission> {
    const nothing = () => undefined;
    if (answer.kind === "ticket") {
      const endpoint = await this.#endpoints.forTicket(answer.podId, Date.now());
      const give = (back: (ticketId: string, nowMs: number) => void) => () => {
        back.call(this.#machine, answer.ticketId, Date.now());
        this.#perform();
      };
      const info: AdmissionInfo = { kind: "ticket", endpoint, timing: answer.timing };
      return new Admission(info, give(this.#machine.upgraded), give(this.#machine.released));
    }
    if (answer.kind === "lease") {
      const endpoints = await this.#endpoints.forLease(answer.podIds, answer.expiresAtMs);
      const { expiresAtMs, timing } = answer;
      return new Admission({ kind: "lease", endpoints, expiresAtMs, timing }, nothing, nothing);
    }
    const { code, message, retryAfterSec } = answer;
    return new Admission({ kind: "refused", code, message, retryAfterSec }, nothing, nothing);
  }

  async #assign(call: AssignCall): Promise<void> {
    try {
      const result = await this.env.AGENT.getByName(call.agentUid).assign(call.assignment);
      this.#machine.assignAnswered(call, result, Date.now());
    } catch (error) {
      this.#machine.assignFailed(call, error instanceof Error ? error.message : String(error), Date.now());
    }
    this.#perform();
  }

  async #observe(observation: RevisionObservation): Promise<void> {
    try {
      await this.#controlPlane().revisionObserved(observation);
      this.#store.observationSent(observation.sequence);
    } catch {
      // It is on record and goes out again; the alarm survives a reset of this object.
      this.#alarmBy(Date.now() + TELL_RETRY_MS);
    }
  }

  async #askForAgents(): Promise<void> {
    try {
      this.#machine.agentsKnown(await this.#controlPlane().listAgents(), Date.now());
      this.#perform();
    } catch {
      // The next round of placing asks again.
    }
  }

  async #finish(): Promise<void> {
    const revisionUid = this.#machine.order?.revisionUid ?? this.ctx.id.name;
    if (revisionUid !== undefined) {
      try {
        await this.#controlPlane().revisionDestroyed(revisionUid);
      } catch {
        this.#alarmBy(Date.now() + TELL_RETRY_MS);
        return;
      }
    }
    this.#isFinished = true;
    clearTimeout(this.#timer);
    await this.ctx.storage.deleteAll();
  }

  #controlPlane(): ControlPlaneInbox {
    return this.env.CONTROL_PLANE.getByName(CONTROL_PLANE_NAME);
  }

  /** One timer for the earliest thing; none at zero, so that the object hibernates. */
  #wakeAt(atMs: number | null): void {
    const wanted = atMs ?? Number.POSITIVE_INFINITY;
    if (wanted === this.#timerAtMs) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = wanted;
    if (atMs === null) return;
    const delayMs = Math.min(MAX_TIMER_MS, Math.max(0, atMs - Date.now()));
    this.#timer = setTimeout(() => {
      this.#timerAtMs = Number.POSITIVE_INFINITY;
      this.#machine.wake(Date.now());
      this.#perform();
    }, delayMs);
  }

  #keepBackstop(): void {
    if (this.#machine.isActive && this.#alarmAtMs === null) this.#alarmBy(Date.now() + BACKSTOP_MS);
  }

  #alarmBy(atMs: number): void {
    if (this.#alarmAtMs !== null && this.#alarmAtMs <= atMs) return;
    this.#alarmAtMs = atMs;
    this.ctx.waitUntil(this.ctx.storage.setAlarm(atMs));
  }
}

/** The answer to a call that nobody waits for any more. */
function abandoned(requestId: string): Answer {
  return {
    kind: "refused",
    requestId,
    code: "ACTIVATOR_TIMEOUT",
    message: "the request was given up",
    retryAfterSec: 1,
  };
}
