/**
 * The ControlPlane object: the store of API objects, the reconcilers' home and the sender of everything that follows.
 *
 *     API request ─▶ admit (core) ─▶ store + dirty keys ─▶ answer          object-requests.ts
 *                                          │
 *                                          ▼
 *                     reconcile (core) ─▶ writes + outbox ─▶ deliver       engine.ts
 *                                          ▲
 *     Revision, Agent objects ─▶ observations                              here
 *     watches ◀─ event log                                                 watchers.ts
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
  Patch,
  RevisionPage,
  RevisionQuery,
  WriteOptions,
} from "../../core/protocol/control-plane.ts";
import type { AgentObservation, AgentRef, RevisionObservation } from "../../core/protocol/objects.ts";
import { FINALIZER_PODS } from "../../core/resource/annotations.ts";
import { type ApiStatus, failure } from "../../core/resource/api-status.ts";
import { type KindName, type KubeObject, keyOf, type ObjectKey } from "../../core/resource/object.ts";
import { timestampOf } from "../../core/resource/timestamp.ts";
import { FRESH_FOR_MS } from "../../core/routing/freshness.ts";
import { migrate } from "../migrations.ts";
import { AgentRegistry } from "./agent-registry.ts";
import type { DeliveryEnv } from "./delivery.ts";
import { Engine } from "./engine.ts";
import { seedConfigMaps, seedNamespaces } from "./identity.ts";
import { hashJoinToken, newJoinToken } from "./join-token.ts";
import { ObjectRequests } from "./object-requests.ts";
import { MIGRATIONS } from "./schema.ts";
import { Watchers } from "./watchers.ts";
import { World } from "./world.ts";

export type ControlPlaneEnv = DeliveryEnv & {
  readonly DEFAULT_DOMAIN: string;
  /** "" where the API has no host of its own. */
  readonly CONTROL_HOST?: string;
  /** "1" where there is one gateway, whose cache Routes clears itself. */
  readonly SINGLE_GATEWAY?: string;
};

/** Beyond FRESH_FOR_MS, when the last gateway lets go of its old entry: for the answer that is under way to it then. */
const FRESHNESS_MARGIN_MS = 1_000;
const JOIN_TOKEN_TTL_MS = 24 * 3_600_000;

export class ControlPlane extends DurableObject<ControlPlaneEnv> implements ControlPlaneRpc {
  readonly #world: World;
  readonly #agents: AgentRegistry;
  readonly #watchers: Watchers;
  readonly #engine: Engine;
  readonly #requests: ObjectRequests;

  constructor(ctx: DurableObjectState, env: ControlPlaneEnv) {
    super(ctx, env);
    migrate(ctx.storage.sql, MIGRATIONS);
    const settleMs = env.SINGLE_GATEWAY === "1" ? 0 : FRESH_FOR_MS + FRESHNESS_MARGIN_MS;
    const controlHost = env.CONTROL_HOST ?? "";
    this.#world = new World(ctx.storage.sql, { defaultDomain: env.DEFAULT_DOMAIN, settleMs, controlHost });
    this.#agents = new AgentRegistry(ctx.storage.sql);
    this.#watchers = new Watchers(ctx, this.#world.objects);
    this.#engine = new Engine(ctx.storage, this.#world, this.#agents, env, (nowMs) => this.#watchers.publish(nowMs));
    this.#requests = new ObjectRequests(this.#world, this.#engine);
    seedNamespaces(this.#world, Date.now());
    seedConfigMaps(this.#world, Date.now());
    this.#engine.kick();
  }

  override async alarm(): Promise<void> {
    this.#engine.alarm();
  }

  /** A watch opens its link (core/protocol/watch-link.ts). */
  override async fetch(request: Request): Promise<Response> {
    return this.#watchers.connect(request);
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    this.#watchers.remove(socket);
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    this.#watchers.remove(socket);
  }

  async getObject(key: ObjectKey): Promise<Outcome<KubeObject>> {
    return this.#requests.get(key);
  }

  async listObjects(query: ListQuery): Promise<Outcome<ObjectList>> {
    return this.#requests.list(query);
  }

  async createObject(
    kind: KindName,
    namespace: string,
    body: unknown,
    options: WriteOptions,
  ): Promise<Outcome<KubeObject>> {
    return this.#requests.create(kind, namespace, body, options);
  }

  async replaceObject(key: ObjectKey, body: unknown, options: WriteOptions): Promise<Outcome<KubeObject>> {
    return this.#requests.replace(key, body, options);
  }

  async patchObject(key: ObjectKey, patch: Patch, options: WriteOptions): Promise<Outcome<KubeObject>> {
    return this.#requests.patch(key, patch, options);
  }

  async deleteObject(key: ObjectKey, options: DeleteOptions): Promise<Outcome<KubeObject | ApiStatus>> {
    return this.#requests.delete(key, options);
  }

  async deleteObjects(query: ListQuery, options: DeleteOptions): Promise<Outcome<ObjectList>> {
    return this.#requests.deleteSelected(query, options);
  }

  async revisionObserved(observation: RevisionObservation): Promise<boolean> {
    const revision = this.#world.objects.getByUid(observation.revisionUid);
    if (revision === null) return false;
    this.#engine.transact(() => {
      if (this.#world.revisions.recordObservation(observation)) this.#world.queue.add(keyOf(revision));
    });
    return true;
  }

  async revisionDestroyed(revisionUid: string): Promise<void> {
    const revision = this.#world.objects.getByUid(revisionUid);
    if (revision === null) return;
    this.#engine.transact((nowMs) => this.#world.finalize(revision, FINALIZER_PODS, nowMs));
  }

  async agentObserved(observation: AgentObservation): Promise<void> {
    this.#engine.transact((nowMs) => {
      if (this.#agents.record(observation, nowMs)?.isNewlyConnected !== true) return;
      for (const uid of this.#world.revisions.unplaced()) this.#world.outbox.toRevision(uid, { type: "agents" });
    });
  }

  async listAgents(): Promise<readonly AgentRef[]> {
    return this.#agents.refs();
  }

  async describeAgents(): Promise<readonly AgentView[]> {
    return this.#agents.views();
  }

  async describeRevisions(query: RevisionQuery): Promise<RevisionPage> {
    return this.#world.revisions.facts(query);
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
    const message = "the join token is unknown, was used or has expired; ask for a new one at /rouse/v1/join-tokens";
    return { ok: false, status: failure("Unauthorized", message) };
  }
}
