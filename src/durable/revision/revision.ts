/**
 * The Revision object: activator, autoscaler and serverless service of one revision. A shell: it feeds events to the
 * machine (src/core/revision/machine.ts), saves what changed and performs the effects.
 */
import { DurableObject } from "cloudflare:workers";
import type { AcquireRequest, PendingAdmission } from "../../core/protocol/admission.ts";
import {
  type AgentPodsReport,
  type AgentRef,
  type AgentRpc,
  type AgentStatsReport,
  CONTROL_PLANE_NAME,
  type ControlPlaneInbox,
  type LeaseRenewal,
  type ObjectNamespace,
  type RevisionDescription,
  type RevisionObservation,
  type RevisionOrder,
  type RevisionRpc,
} from "../../core/protocol/objects.ts";
import type { AssignCall } from "../../core/revision/assigner.ts";
import { type Answer, abandoned } from "../../core/revision/effects.ts";
import { RevisionMachine } from "../../core/revision/machine.ts";
import { Endpoints } from "./endpoints.ts";
import { RevisionStore } from "./store.ts";
import { Admission } from "./ticket.ts";
import { Wakeups } from "./wakeups.ts";

type RevisionEnv = {
  readonly AGENT: ObjectNamespace<AgentRpc>;
  readonly CONTROL_PLANE: ObjectNamespace<ControlPlaneInbox>;
  readonly ROUSE_ROOT_KEY: string;
};

/** While there are pods or waiters the object wakes by its alarm at least this often, whatever memory held. */
const BACKSTOP_MS = 30_000;
/** Once after pods began to come or go, or the control plane had to hear: a reset in between is noticed so soon. */
const UNSETTLED_BACKSTOP_MS = 2_000;
/** A message to the control plane that failed is sent again after this long. */
const TELL_RETRY_MS = 1_000;
/** Before a request whose pod went away under it takes its place in the queue again. */
const GONE_POD_PAUSE_MS = 5;

export class Revision extends DurableObject<RevisionEnv> implements Omit<RevisionRpc, "acquire"> {
  readonly #store: RevisionStore;
  readonly #machine: RevisionMachine;
  readonly #endpoints: Endpoints;
  /** Held `acquire` calls by request id. */
  readonly #pending = new Map<string, (answer: Answer) => void>();
  /** A machine that was just loaded has version 0; what its first look at the time changed is saved with the rest. */
  #savedVersion = 0;
  readonly #wakeups: Wakeups;
  #resyncAtMs = Date.now() + BACKSTOP_MS;
  #isSaving = false;
  /** An observation that was sent and is not on record yet. */
  #unsaved: RevisionObservation | null = null;
  /** Everything was forgotten; nothing may be saved any more. */
  #isFinished = false;

  constructor(ctx: DurableObjectState, env: RevisionEnv) {
    super(ctx, env);
    this.#store = new RevisionStore(ctx.storage.sql);
    this.#machine = new RevisionMachine(this.#store.load(), () => crypto.randomUUID().slice(0, 18), Date.now());
    this.#wakeups = new Wakeups(ctx.storage, () => {
      this.#machine.wake(Date.now());
      this.#perform();
    });
    this.#endpoints = new Endpoints(env.ROUSE_ROOT_KEY, this.#machine);
    const unsent = this.#store.unsentObservation();
    if (unsent !== null) ctx.waitUntil(this.#observe(unsent));
    this.#perform();
  }

  // --- control plane ---

  async applyOrder(order: RevisionOrder): Promise<void> {
    this.#machine.applyOrder(order, Date.now());
    // Nobody else would say it again: an order is on record, with an alarm behind it, before anything follows from it.
    this.#save();
    this.#perform();
  }

  async destroy(_sequence: number): Promise<void> {
    this.#machine.destroy(Date.now());
    this.#save();
    this.#perform();
  }

  async agentsChanged(agents: readonly AgentRef[]): Promise<void> {
    this.#machine.agentsKnown(agents, Date.now());
    this.#save();
    this.#perform();
  }

  // --- gateways ---

  /** Pending while the request is held; see PendingAdmission for how callers see it. */
  async acquire(request: AcquireRequest): Promise<PendingAdmission> {
    for (;;) {
      const admission = await this.#admission(await this.#answerTo(request));
      if (admission !== null) return admission as unknown as PendingAdmission;
      // The pod went between the grant and its signature: back into the queue, at the same place, once its end is known.
      await new Promise((resolve) => setTimeout(resolve, GONE_POD_PAUSE_MS));
    }
  }

  async renewLease(): Promise<LeaseRenewal | null> {
    const lease = this.#machine.renewLease(Date.now());
    if (lease === null) return null;
    const { podIds, expiresAtMs, isLimited } = lease;
    return { endpoints: await this.#endpoints.forLease(podIds, expiresAtMs), expiresAtMs, isLimited };
  }

  async cancel(requestId: string): Promise<void> {
    this.#end(abandoned(requestId));
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

  override async alarm(): Promise<void> {
    this.#wakeups.alarmRang();
    const nowMs = Date.now();
    // A new life has said everything again already.
    if (nowMs >= this.#resyncAtMs) {
      this.#machine.resync(nowMs);
      this.#resyncAtMs = nowMs + BACKSTOP_MS;
    }
    this.#machine.wake(nowMs);
    const observation = this.#store.unsentObservation();
    if (observation !== null) await this.#observe(observation);
    this.#perform();
  }

  #perform(): void {
    const effects = this.#machine.takeEffects();
    // Gateways that have not heard yet still ask.
    if (this.#isFinished) return this.#answer(effects.answers);
    // What leaves the object goes before the record of it, which would hold it back at the output gate (0.3 ms each on the
    // way of a cold start). A record that is lost with the object heals: agents report what runs, gateways ask again,
    // and sequences are never below the time.
    for (const call of effects.calls) this.ctx.waitUntil(this.#assign(call));
    this.#answer(effects.answers);
    const isChanged = this.#machine.version !== this.#savedVersion;
    if (isChanged) this.#saveSoon();
    if (effects.observation !== null) {
      this.#unsaved = effects.observation;
      this.ctx.waitUntil(this.#observe(effects.observation));
      this.#saveSoon();
    }
    if (effects.wantsAgents) this.ctx.waitUntil(this.#askForAgents());
    if (effects.isFinished) {
      // A crash before the control plane has heard must not end the telling.
      this.#alarmBy(Date.now() + TELL_RETRY_MS);
      this.ctx.waitUntil(this.#finish());
    }
    this.#wakeups.wakeAt(effects.wakeAtMs);
    if (!isChanged) this.#keepBackstop(false);
  }

  /** In the next turn of the event loop, once for all that changed until then. */
  #saveSoon(): void {
    if (this.#isSaving) return;
    this.#isSaving = true;
    setTimeout(() => this.#save(), 0);
  }

  #save(): void {
    this.#isSaving = false;
    if (this.#isFinished) return;
    if (this.#unsaved !== null) {
      this.#store.putObservation(this.#unsaved);
      this.#alarmBy(Date.now() + UNSETTLED_BACKSTOP_MS);
    }
    this.#unsaved = null;
    if (this.#machine.version === this.#savedVersion) return;
    this.#store.save(this.#machine.snapshot());
    this.#savedVersion = this.#machine.version;
    this.#keepBackstop(true);
  }

  #answer(answers: readonly Answer[]): void {
    for (const answer of answers) this.#end(answer);
  }

  #end(answer: Answer): void {
    this.#pending.get(answer.requestId)?.(answer);
    this.#pending.delete(answer.requestId);
  }

  #answerTo(request: AcquireRequest): Promise<Answer> {
    return new Promise<Answer>((resolve) => {
      // Asked again by the same request (its isolate believes the first call broken): the first one ends.
      this.#end(abandoned(request.requestId));
      this.#pending.set(request.requestId, resolve);
      this.#machine.arrive(request, Date.now());
      this.#perform();
    });
  }

  /** @returns null when the pods of the answer are gone */
  async #admission(answer: Answer): Promise<Admission | null> {
    const nothing = () => undefined;
    if (answer.kind === "ticket") {
      const give = (back: (ticketId: string, nowMs: number) => void) => () => {
        back.call(this.#machine, answer.ticketId, Date.now());
        this.#perform();
      };
      const release = give(this.#machine.released);
      const endpoint = await this.#endpoints.forTicket(answer.podId, Date.now());
      if (endpoint === null) {
        release();
        return null;
      }
      return new Admission({ kind: "ticket", endpoint, timing: answer.timing }, give(this.#machine.upgraded), release);
    }
    if (answer.kind === "lease") {
      const endpoints = await this.#endpoints.forLease(answer.podIds, answer.expiresAtMs);
      if (endpoints.length === 0) return null;
      const { expiresAtMs, isLimited, timing } = answer;
      return new Admission({ kind: "lease", endpoints, expiresAtMs, isLimited, timing }, nothing, nothing);
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
      const isKnown = await this.#controlPlane.revisionObserved(observation);
      if (this.#unsaved?.sequence === observation.sequence) this.#unsaved = null;
      this.#store.observationSent(observation.sequence);
      // Only a plain no counts: a control plane of the version before answers nothing.
      if (isKnown !== false) return;
      this.#machine.destroy(Date.now());
      this.#perform();
    } catch {
      // It is on record and goes out again; the alarm survives a reset of this object.
      this.#alarmBy(Date.now() + TELL_RETRY_MS);
    }
  }

  async #askForAgents(): Promise<void> {
    try {
      this.#machine.agentsKnown(await this.#controlPlane.listAgents(), Date.now());
      this.#perform();
    } catch {
      // The next round of placing asks again.
    }
  }

  async #finish(): Promise<void> {
    try {
      await this.#controlPlane.revisionDestroyed(this.ctx.id.name ?? "");
    } catch {
      return this.#alarmBy(Date.now() + TELL_RETRY_MS);
    }
    this.#isFinished = true;
    this.#wakeups.wakeAt(null);
    await this.ctx.storage.deleteAll();
  }

  get #controlPlane(): ControlPlaneInbox {
    return this.env.CONTROL_PLANE.getByName(CONTROL_PLANE_NAME);
  }

  #keepBackstop(isChanged: boolean): void {
    if (isChanged && !this.#machine.isAtRest) this.#alarmBy(Date.now() + UNSETTLED_BACKSTOP_MS);
    else if (this.#machine.isActive && !this.#wakeups.hasAlarm) this.#alarmBy(Date.now() + BACKSTOP_MS);
  }

  #alarmBy(atMs: number): void {
    this.ctx.waitUntil(this.#wakeups.alarmBy(atMs));
  }
}
