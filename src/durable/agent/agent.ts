/**
 * The Agent object: one per origin agent. Owns the link (a hibernating WebSocket), the machine's capacity and the one
 * desired state that is sent down. What it decides is in src/core/agent.
 */
import { DurableObject } from "cloudflare:workers";
import { admitPods } from "../../core/agent/capacity.ts";
import { describePod } from "../../core/agent/description.ts";
import { afterAbsence, isSilent, judgeHello, LOST_AFTER_MS } from "../../core/agent/link-state.ts";
import {
  CLOSE_STOPPING,
  type DesiredFrame,
  type HelloFrame,
  LINK_PING,
  LINK_PONG,
  LINK_VERSION,
  MAX_FRAME_BYTES,
  parseAgentFrame,
  type RefuseFrame,
  type StatsFrame,
  type WelcomeFrame,
} from "../../core/protocol/agent-link.ts";
import type { AgentDescription, AgentRpc, Assignment, AssignmentResult } from "../../core/protocol/objects.ts";
import type { PodStats, PodStatus } from "../../core/protocol/pod.ts";
import { deriveAgentKey, keyEpochAt, toBase64Url } from "../grant-signer.ts";
import { LinkSockets } from "./link-sockets.ts";
import { Reports, type ReportsEnv } from "./reports.ts";
import { type AgentIdentity, AgentStore } from "./store.ts";

type AgentEnv = ReportsEnv & { readonly ROUSE_ROOT_KEY: string };

/** While the machine has pods, everything is said again this often, so that no lost message lasts. */
const RESYNC_MS = 30_000;
/** A message to another object that failed is sent again after this long. */
const DELIVERY_RETRY_MS = 1_000;
const CLOSE_REPLACED = 4001;
const CLOSE_SILENT = 4002;
const CLOSE_REFUSED = 4003;
const CLOSE_TOO_LARGE = 1009;

export class Agent extends DurableObject<AgentEnv> implements AgentRpc {
  readonly #store: AgentStore;
  readonly #sockets: LinkSockets;
  readonly #reports: Reports;

  constructor(ctx: DurableObjectState, env: AgentEnv) {
    super(ctx, env);
    this.#store = new AgentStore(ctx.storage);
    this.#sockets = new LinkSockets(ctx);
    this.#reports = new Reports(this.#store, env);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(LINK_PING, LINK_PONG));
  }

  // --- the link ---

  override async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade")?.toLowerCase() !== "websocket") {
      return new Response("the agent link is a WebSocket\n", { status: 426, headers: { Upgrade: "websocket" } });
    }
    const { 0: client, 1: server } = new WebSocketPair();
    this.#sockets.accept(server, Date.now());
    return new Response(null, { status: 101, webSocket: client });
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    this.#sockets.heard(socket, Date.now());
    if (typeof message !== "string") return this.#refuse(socket, "malformed", "frames are JSON text");
    if (message.length > MAX_FRAME_BYTES) return this.#sockets.close(socket, CLOSE_TOO_LARGE, "the frame is too large");
    const frame = parseAgentFrame(message);
    if (frame.type === "invalid") return this.#refuse(socket, "malformed", frame.message);
    if (frame.type === "hello") return this.#hello(socket, frame);
    if (this.#sockets.bootIdOf(socket) === null) {
      return this.#refuse(socket, "malformed", "the first frame must be hello");
    }
    if (frame.type === "stats") return this.#stats(frame);
    this.#statuses(frame.pods, false);
  }

  override async webSocketClose(socket: WebSocket, code: number, reason: string): Promise<void> {
    // Those who must know are told before the agent is answered: it waits, and the whole edge may end after it.
    await this.#socketGone(socket, code === CLOSE_STOPPING ? "Lost" : "Disconnected");
    // 1005 and 1006 are never sent; they say that no close frame came.
    this.#sockets.close(socket, code === 1005 || code === 1006 ? 1000 : code, reason);
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    await this.#socketGone(socket, "Disconnected");
  }

  // --- revisions ---

  async assign(assignment: Assignment): Promise<AssignmentResult> {
    this.#noticeSilence();
    const standing = this.#store.assignment(assignment.revisionUid);
    const identity = this.#store.identity();
    const connection = identity?.connection ?? "NeverSeen";
    if (identity === null) {
      return { connection, refused: assignment.pods.map(({ podId }) => ({ podId, reason: "it was never connected" })) };
    }
    if (standing !== null && assignment.sequence <= standing.sequence) return { connection, refused: [] };
    const others = this.#store
      .assignments()
      .filter((entry) => entry.revisionUid !== assignment.revisionUid)
      .reduce((count, entry) => count + entry.pods.length, 0);
    const before = new Set(standing?.pods.map((pod) => pod.podId));
    const { accepted, refused } = admitPods(identity, assignment.pods, before, others);
    this.#store.putAssignment({ ...assignment, pods: accepted }, Date.now());
    const kept = new Set(accepted.map((pod) => pod.podId));
    for (const { podId } of this.#store.statuses(assignment.revisionUid)) {
      if (!kept.has(podId)) this.#store.dropStatus(podId);
    }
    this.#sendDesired();
    await this.#keepAlarm();
    return { connection, refused };
  }

  async describe(): Promise<AgentDescription> {
    const identity = this.#store.identity();
    return {
      agentUid: identity?.agentUid ?? "",
      connection: identity?.connection ?? "NeverSeen",
      dataUrl: identity?.dataUrl ?? null,
      generation: this.#store.current("generation"),
      desired: this.#store.assignments().flatMap((entry) => entry.pods.map(describePod)),
      pods: this.#store.statuses(),
    };
  }

  // --- time ---

  override async alarm(): Promise<void> {
    this.#noticeSilence();
    const identity = this.#store.identity();
    if (identity === null) return;
    const link = afterAbsence(identity, Date.now());
    if (link.connection !== identity.connection) this.#setLink(identity, link.connection, link.disconnectedAtMs);
    this.#reports.addAll();
    this.#store.pruneEmptyAssignments(Date.now());
    await this.#deliver();
    await this.#keepAlarm();
  }

  // --- frames ---

  async #hello(socket: WebSocket, hello: HelloFrame): Promise<void> {
    if (hello.version !== LINK_VERSION) {
      return this.#refuse(socket, "version", `this edge speaks version ${LINK_VERSION} of the agent link`);
    }
    // The Worker checked the credential of the uid in the link's path, which is this object's name.
    if (hello.agentUid !== this.ctx.id.name) {
      return this.#refuse(socket, "malformed", `agentUid: this is the link of agent ${this.ctx.id.name}`);
    }
    const keyEpoch = keyEpochAt(Date.now());
    const { agentUid, name, labels, drivers, capacity, system, dataUrl } = hello;
    // Nothing is awaited between the verdict and what follows from it: an assignment that comes now is sent after welcome.
    const keys = await this.#keys(agentUid, keyEpoch);
    if (socket.readyState !== WebSocket.OPEN) return;
    const nowMs = Date.now();
    for (const other of this.#sockets.live(socket)) {
      const lastHeardMs = this.#sockets.lastHeardMs(other);
      const verdict = judgeHello(this.#sockets.bootIdOf(other), lastHeardMs, hello.bootId, nowMs);
      if (verdict === "refuse") {
        const message = `agent ${hello.name} (${hello.agentUid}) is already connected from another process; stop that one, or join this machine under a name of its own`;
        return this.#refuse(socket, "duplicate", message);
      }
      this.#sockets.drop(other, CLOSE_REPLACED, "a newer connection took over");
    }
    this.#sockets.greet(socket, hello.bootId, nowMs);
    this.#store.putIdentity({
      ...{ agentUid, name, labels, drivers, capacity, dataUrl, keyEpoch },
      ...(system === undefined ? {} : { system }),
      connection: "Connected",
      disconnectedAtMs: null,
    });
    const controlPlaneId = this.#store.memoryId();
    const frame: WelcomeFrame = { type: "welcome", version: LINK_VERSION, controlPlaneId, keys, clockMs: nowMs };
    socket.send(JSON.stringify(frame));
    this.#sendDesired();
    this.#statuses(hello.pods, true);
  }

  #keys(agentUid: string, keyEpoch: number): Promise<WelcomeFrame["keys"]> {
    return Promise.all(
      [keyEpoch - 1, keyEpoch, keyEpoch + 1].map(async (epoch) => ({
        epoch,
        key: toBase64Url(await deriveAgentKey(this.env.ROUSE_ROOT_KEY, agentUid, epoch)),
      })),
    );
  }

  /** @param isWhole  the list names every pod of the machine (after hello), so others are gone */
  #statuses(pods: readonly PodStatus[], isWhole: boolean): void {
    const owner = new Map(
      this.#store.assignments().flatMap((entry) => entry.pods.map((pod) => [pod.podId, entry.revisionUid])),
    );
    for (const status of pods) {
      const revisionUid = owner.get(status.podId);
      // Pods that no revision assigned (any more) are the agent's to stop; nobody needs to hear of them.
      if (revisionUid === undefined) continue;
      this.#store.putStatus({ ...status, revisionUid });
      this.#reports.add(revisionUid);
    }
    if (isWhole) {
      this.#forgetUnnamed(pods);
      this.#reports.addAll();
    }
    this.ctx.waitUntil(this.#deliver());
  }

  #forgetUnnamed(pods: readonly PodStatus[]): void {
    const named = new Set(pods.map((pod) => pod.podId));
    for (const { podId } of this.#store.statuses()) if (!named.has(podId)) this.#store.dropStatus(podId);
  }

  #stats(frame: StatsFrame): void {
    const agentUid = this.#store.identity()?.agentUid ?? "";
    const byRevision = new Map<string, PodStats[]>();
    for (const stats of frame.pods) {
      // An agent speaks for the pods that it was given, and for no other.
      if (!this.#store.isAssigned(stats.podId, stats.revisionUid)) continue;
      const list = byRevision.get(stats.revisionUid);
      if (list === undefined) byRevision.set(stats.revisionUid, [stats]);
      else list.push(stats);
    }
    for (const [revisionUid, pods] of byRevision) {
      const report = { agentUid, measuredAtMs: frame.measuredAtMs, pods };
      // Lost stats are made good by the next second's.
      this.ctx.waitUntil(
        this.env.REVISION.getByName(revisionUid)
          .statsReported(report)
          .catch(() => undefined),
      );
    }
  }

  #refuse(socket: WebSocket, reason: RefuseFrame["reason"], message: string): void {
    socket.send(JSON.stringify({ type: "refuse", reason, message } satisfies RefuseFrame));
    this.#sockets.close(socket, CLOSE_REFUSED, reason);
  }

  async #socketGone(socket: WebSocket, connection: "Disconnected" | "Lost"): Promise<void> {
    if (this.#sockets.bootIdOf(socket) === null) return;
    if (this.#sockets.live(socket).length > 0) return;
    const identity = this.#store.identity();
    if (identity?.connection !== "Connected") return;
    this.#setLink(identity, connection, Date.now());
    // First of all an alarm: the edge may end at any moment, and what was not told is told at its next start.
    await this.#keepAlarm();
    await this.#deliver();
  }

  /** A reset of this object drops the socket without an event, and so does a machine without power. */
  #noticeSilence(): void {
    const identity = this.#store.identity();
    if (identity?.connection !== "Connected") return;
    const nowMs = Date.now();
    const open = this.#sockets.live(null);
    const silent = open.filter((socket) => isSilent(this.#sockets.lastHeardMs(socket), nowMs));
    if (silent.length < open.length) return;
    for (const socket of silent) this.#sockets.drop(socket, CLOSE_SILENT, "nothing was heard for too long");
    this.#setLink(identity, "Disconnected", nowMs);
    this.ctx.waitUntil(this.#deliver().then(() => this.#keepAlarm()));
  }

  #setLink(identity: AgentIdentity, connection: AgentIdentity["connection"], disconnectedAtMs: number | null): void {
    this.#store.putIdentity({ ...identity, connection, disconnectedAtMs, isObserved: false });
    this.#reports.addAll();
  }

  // --- what goes out ---

  #sendDesired(): void {
    const socket = this.#sockets.live(null)[0];
    if (socket === undefined) return;
    const frame: DesiredFrame = {
      type: "desired",
      controlPlaneId: this.#store.memoryId(),
      generation: this.#store.next("generation", Date.now()),
      pods: this.#store.assignments().flatMap((entry) => entry.pods),
    };
    socket.send(JSON.stringify(frame));
  }

  async #deliver(): Promise<void> {
    const isAnyDue = await this.#reports.deliver();
    if (isAnyDue) await this.ctx.storage.setAlarm(Date.now() + DELIVERY_RETRY_MS);
    else await this.#keepAlarm();
  }

  /** An alarm stands while there are pods to look after, an absence to end or something to tell. */
  async #keepAlarm(): Promise<void> {
    if ((await this.ctx.storage.getAlarm()) !== null) return;
    const identity = this.#store.identity();
    const isAway = identity?.connection === "Disconnected" && identity.disconnectedAtMs !== null;
    const hasPods = this.#store.assignments().length > 0;
    if (isAway) await this.ctx.storage.setAlarm((identity.disconnectedAtMs ?? 0) + LOST_AFTER_MS);
    else if (identity?.isObserved === false) await this.ctx.storage.setAlarm(Date.now() + DELIVERY_RETRY_MS);
    else if (hasPods) await this.ctx.storage.setAlarm(Date.now() + RESYNC_MS);
  }
}
