/**
 * The ControlPlane object: the store of API objects, the reconcilers' home and the sender of everything that follows.
 *
 *     request ─▶ admit (core) ─▶ store + dirty keys ─▶ answer
 *                                      │ next turn of the event loop, or the alarm after a crash
 *                                      ▼
 *                        drain: reconcile (core) ─▶ writes + outbox ─▶ deliver ─▶ drain …
 */
import { DurableObject } from "cloudflare:workers";
import type {
  AgentView,
  ControlPlaneRpc,
  DeleteOptions,
  JoinToken,
  ListQuery,
  ObjectList,
  Outcome,
  WriteOptions,
} from "../../core/protocol/control-plane.ts";
import type { AgentObservation, AgentRef, RevisionObservation } from "../../core/protocol/objects.ts";
import { isWaitingForAgent } from "../../core/reconcile/revision.ts";
import {
  type Admission,
  type AdmissionContext,
  admitCreate,
  admitMergePatch,
  admitUpdate,
} from "../../core/resource/admit.ts";
import { FINALIZER_PODS } from "../../core/resource/annotations.ts";
import { type ApiStatus, alreadyExists, conflict, deleted, failure, notFound } from "../../core/resource/api-status.ts";
import { jsonEqual } from "../../core/resource/json.ts";
import type { KindName, KubeObject, ObjectKey } from "../../core/resource/object.ts";
import { keyOf } from "../../core/resource/object.ts";
import { RESOURCE_TYPES } from "../../core/resource/resource-type.ts";
import { parseFieldSelector, parseLabelSelector } from "../../core/resource/selector.ts";
import type { Revision } from "../../core/resource/serving.ts";
import { timestampOf } from "../../core/resource/timestamp.ts";
import { migrate } from "../migrations.ts";
import { AgentRegistry } from "./agent-registry.ts";
import { Delivery, type DeliveryEnv } from "./delivery.ts";
import { drainSlice } from "./drain.ts";
import { controlPlaneId, seedNamespaces } from "./identity.ts";
import { hashJoinToken, newJoinToken } from "./join-token.ts";
import type { OutboxRow } from "./outbox.ts";
import { MIGRATIONS } from "./schema.ts";
import { World } from "./world.ts";

export type ControlPlaneEnv = DeliveryEnv & {
  readonly DEFAULT_DOMAIN: string;
  /** "1" where there is one gateway, whose cache Routes clears itself. */
  readonly SINGLE_GATEWAY?: string;
};

/** A gateway uses an entry at most this long without asking again; after that and a margin all serve the new one. */
const ROUTE_FRESHNESS_MS = 5_000;
const ROUTE_FRESHNESS_MARGIN_MS = 1_000;
/** After a crash in the middle, the alarm resumes this long after the last write. */
const RESUME_AFTER_MS = 1_000;
const JOIN_TOKEN_TTL_MS = 24 * 3_600_000;
/** A row of SQLite holds 2 MB in production; an object is also written to the event log. */
const MAX_OBJECT_CHARS = 1_500_000;

export class ControlPlane extends DurableObject<ControlPlaneEnv> implements ControlPlaneRpc {
  readonly #world: World;
  readonly #agents: AgentRegistry;
  readonly #delivery: Delivery;
  #isKicked = false;
  #alarmAtMs: number | null = null;

  constructor(ctx: DurableObjectState, env: ControlPlaneEnv) {
    super(ctx, env);
    const { sql } = ctx.storage;
    migrate(sql, MIGRATIONS);
    const settleMs = env.SINGLE_GATEWAY === "1" ? 0 : ROUTE_FRESHNESS_MS + ROUTE_FRESHNESS_MARGIN_MS;
    this.#world = new World(sql, { defaultDomain: env.DEFAULT_DOMAIN, settleMs });
    this.#agents = new AgentRegistry(sql);
    this.#delivery = new Delivery({
      env,
      outbox: this.#world.outbox,
      controlPlaneId: controlPlaneId(sql),
      listAgents: () => this.#agents.refs(),
      onDelivered: (rows) => this.#delivered(rows),
      onIdle: () => this.#kick(),
    });
    seedNamespaces(this.#world, Date.now());
    this.#kick();
  }

  override async alarm(): Promise<void> {
    this.#alarmAtMs = null;
    this.#run();
  }

  async getObject(key: ObjectKey): Promise<Outcome<KubeObject>> {
    const object = this.#find(key);
    return object === null ? refused(notFound(RESOURCE_TYPES[key.kind], key.name)) : { ok: true, value: object };
  }

  async listObjects(query: ListQuery): Promise<Outcome<ObjectList>> {
    const labels = parseLabelSelector(query.labelSelector);
    if (!labels.ok) return refused(failure("BadRequest", labels.message));
    const fields = parseFieldSelector(query.fieldSelector);
    if (!fields.ok) return refused(failure("BadRequest", fields.message));
    const items = this.#world.objects
      .list(query.kind, query.namespace)
      .filter((object) => labels.matches(object) && fields.matches(object));
    return { ok: true, value: { items, resourceVersion: this.#world.objects.resourceVersion() } };
  }

  async createObject(
    kind: KindName,
    namespace: string,
    body: unknown,
    options: WriteOptions,
  ): Promise<Outcome<KubeObject>> {
    const identity = { uid: crypto.randomUUID(), random: Array.from({ length: 5 }, Math.random) };
    const type = RESOURCE_TYPES[kind];
    const admission = admitCreate(type, namespace, body, identity, this.#admissionContext(options));
    if (!admission.ok) return admission;
    const { name } = admission.object.metadata;
    if (this.#find({ kind, namespace, name }) !== null) return refused(alreadyExists(type, name));
    return this.#save(admission, null, options.isDryRun);
  }

  async replaceObject(key: ObjectKey, body: unknown, options: WriteOptions): Promise<Outcome<KubeObject>> {
    return this.#update(key, options, (stored, context) =>
      admitUpdate(RESOURCE_TYPES[key.kind], stored, body, context),
    );
  }

  async mergePatchObject(key: ObjectKey, patch: unknown, options: WriteOptions): Promise<Outcome<KubeObject>> {
    return this.#update(key, options, (stored, context) =>
      admitMergePatch(RESOURCE_TYPES[key.kind], stored, patch, context),
    );
  }

  async deleteObject(key: ObjectKey, options: DeleteOptions): Promise<Outcome<KubeObject | ApiStatus>> {
    const type = RESOURCE_TYPES[key.kind];
    const object = this.#find(key);
    if (object === null) return refused(notFound(type, key.name));
    const { uid, resourceVersion } = object.metadata;
    if (options.uid !== "" && options.uid !== uid) return refused(conflict(type, key.name, PRECONDITION_FAILED));
    if (options.resourceVersion !== "" && options.resourceVersion !== resourceVersion) {
      return refused(conflict(type, key.name, PRECONDITION_FAILED));
    }
    if (!options.isDryRun) this.#transact((nowMs) => this.#world.delete(object, nowMs));
    return { ok: true, value: this.#find(key) ?? deleted(type, key.name, uid) };
  }

  async revisionObserved(observation: RevisionObservation): Promise<void> {
    const revision = this.#world.objects.getByUid(observation.revisionUid);
    if (revision === null) return;
    this.#transact(() => {
      if (this.#world.revisions.recordObservation(observation)) this.#world.queue.add(keyOf(revision));
    });
  }

  async revisionDestroyed(revisionUid: string): Promise<void> {
    const revision = this.#world.objects.getByUid(revisionUid);
    if (revision === null) return;
    this.#transact((nowMs) => this.#world.finalize(revision, FINALIZER_PODS, nowMs));
  }

  async agentObserved(observation: AgentObservation): Promise<void> {
    this.#transact((nowMs) => {
      if (this.#agents.record(observation, nowMs)?.isNewlyConnected !== true) return;
      for (const revision of this.#world.objects.list("Revision", null)) {
        if (!isWaitingForAgent(revision as Revision)) continue;
        this.#world.outbox.toRevision(revision.metadata.uid, { type: "agents" });
      }
    });
  }

  async listAgents(): Promise<readonly AgentRef[]> {
    return this.#agents.refs();
  }

  async describeAgents(): Promise<readonly AgentView[]> {
    return this.#agents.views();
  }

  async createJoinToken(): Promise<JoinToken> {
    const token = newJoinToken();
    const hash = await hashJoinToken(token);
    const expiresAtMs = Date.now() + JOIN_TOKEN_TTL_MS;
    this.#agents.addToken(hash, expiresAtMs);
    return { token, expiresAt: timestampOf(expiresAtMs) };
  }

  async join(token: string, name: string): Promise<Outcome<{ readonly agentUid: string }>> {
    const hash = await hashJoinToken(token);
    const agentUid = crypto.randomUUID();
    const isJoined = this.ctx.storage.transactionSync(() => this.#agents.join(hash, agentUid, name, Date.now()));
    if (isJoined) return { ok: true, value: { agentUid } };
    const message = "the join token is unknown, was used or has expired; make a new one with `rouse join-token`";
    return refused(failure("Unauthorized", message));
  }

  #find({ kind, namespace, name }: ObjectKey): KubeObject | null {
    return this.#world.objects.get(kind, namespace, name);
  }

  #admissionContext({ user, isStrict }: WriteOptions): AdmissionContext {
    const nowMs = Date.now();
    return { user, isStrict, nowMs, autoscalerConfig: this.#world.settings(nowMs).autoscalerConfig };
  }

  #update(
    key: ObjectKey,
    options: WriteOptions,
    admit: (stored: KubeObject, context: AdmissionContext) => Admission,
  ): Outcome<KubeObject> {
    const stored = this.#find(key);
    if (stored === null) return refused(notFound(RESOURCE_TYPES[key.kind], key.name));
    const admission = admit(stored, this.#admissionContext(options));
    return admission.ok ? this.#save(admission, stored, options.isDryRun) : admission;
  }

  #save({ object }: Admission & { ok: true }, before: KubeObject | null, isDryRun: boolean): Outcome<KubeObject> {
    if (JSON.stringify(object).length > MAX_OBJECT_CHARS) {
      return refused(failure("RequestEntityTooLarge", `the object is larger than ${MAX_OBJECT_CHARS} characters`));
    }
    const isUnchanged = before !== null && jsonEqual(before, object);
    if (isDryRun || isUnchanged) return { ok: true, value: object };
    return { ok: true, value: this.#transact((nowMs) => this.#world.objects.put(object, before, nowMs)) };
  }

  /** Changes the world at once or not at all, with the promise that what follows is done even after a crash. */
  #transact<T>(change: (nowMs: number) => T): T {
    const nowMs = Date.now();
    const result = this.ctx.storage.transactionSync(() => change(nowMs));
    this.#arm(nowMs + RESUME_AFTER_MS);
    this.#kick();
    return result;
  }

  /** Runs in the next turn of the event loop: the caller has its answer by then. */
  #kick(): void {
    if (this.#isKicked) return;
    this.#isKicked = true;
    setTimeout(() => {
      this.#isKicked = false;
      this.#run();
    }, 0);
  }

  #run(): void {
    const nowMs = Date.now();
    if (drainSlice(this.ctx.storage, this.#world, nowMs)) this.#kick();
    this.#delivery.start(nowMs);
    const due = [this.#world.queue.nextWakeMs(), this.#delivery.nextDueMs(nowMs)].filter((atMs) => atMs !== null);
    if (this.#world.queue.peek() !== null) due.push(nowMs + RESUME_AFTER_MS);
    if (due.length > 0) this.#arm(Math.min(...due));
  }

  #delivered(rows: readonly OutboxRow[]): void {
    this.#transact((nowMs) => {
      this.#world.outbox.delivered(rows);
      for (const { id, message } of rows) {
        if (message.type !== "entry" || message.entry === null) continue;
        const routeUid = this.#world.hosts.markDelivered(message.host, id, nowMs);
        const route = routeUid === null ? null : this.#world.objects.getByUid(routeUid);
        if (route !== null) this.#world.queue.add(keyOf(route));
      }
    });
  }

  /** Sets the alarm unless one comes in time: an early one finds nothing to do, and moving it would cost a write each. */
  #arm(atMs: number): void {
    if (this.#alarmAtMs !== null && this.#alarmAtMs <= atMs) return;
    this.#alarmAtMs = atMs;
    void this.ctx.storage.setAlarm(atMs);
  }
}

const PRECONDITION_FAILED = "Precondition failed: the object is not the one that the request names";

function refused(status: ApiStatus): { readonly ok: false; readonly status: ApiStatus } {
  return { ok: false, status };
}
