/**
 * The Agent object: one per origin agent. Owns the link (a hibernating WebSocket), the machine's capacity and the one
 * desired state that is sent down. What it decides is in src/core/agent.
 */
import { DurableObject } from "cloudflare:workers";
import { admitPods } from "../../core/agent/capacity.ts";
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
import {
  type AgentDescription,
  type AgentRpc,
  type Assignment,
  type AssignmentResult,
  CONTROL_PLANE_NAME,
  type ControlPlaneInbox,
  type ObjectNamespace,
  type RevisionRpc,
} from "../../core/protocol/objects.ts";
import type { PodStats, PodStatus } from "../../core/protocol/pod.ts";
import { deriveAgentKey, keyEpochAt, toBase64Url } from "../grant-signer.ts";
import { type AgentIdentity, AgentStore } from "./store.ts";

type AgentEnv = {
  readonly REVISION: ObjectNamespace<RevisionRpc>;
  readonly CONTROL_PLANE: ObjectNamespace<ControlPlaneInbox>;
  readonly ROUSE_ROOT_KEY: string;
};

/** While the machine has pods, everything is said again this often, so that no lost message lasts. */
const RESYNC_MS = 30_000;
/** A message to another object that failed is sent again after this long. */
const DELIVERY_RETRY_MS = 1_000;
const CLOSE_REPLACED = 4001;
const CLOSE_SILENT = 4002;
const CLOSE_REFUSED = 4003;
const CLOSE_TOO_LARGE = 1009;

/** What a socket remembers through hibernation. */
type Attachment = { readonly bootId: string | null; readonly connectedAtMs: number };

export class Agent extends DurableObject<AgentEnv> implements AgentRpc {
  readonly #store: AgentStore;
  /** When each socket last said anything, for sockets that spoke since this object woke. */
  readonly #heardAtMs = new WeakMap<WebSocket, number>();
  /** Revisions that must hear of their pods, and did not yet. */
  readonly #undelivered = new Set<string>();
  #mustObserve = false;

  constructor(ctx: DurableObjectState, env: AgentEnv) {
    super(ctx, env);
    this.#store = new AgentStore(ctx.storage);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(LINK_PING, LINK_PONG));
  }

  // --- the link ---

  override async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade")?.toLowerCase() !== "websocket") {
      return new Response("the agent link is a WebSocket\n", { status: 426, headers: { Upgrade: "websocket" } });
    }
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    server.serializeAttachment({ bootId: null, connectedAtMs: Date.now() } satisfies Attachment);
    return new Response(null, { status: 101, webSocket: client });
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    this.#heardAtMs.set(socket, Date.now());
    if (typeof message !== "string") return this.#refuse(socket, "malformed", "frames are JSON text");
    if (message.length > MAX_FRAME_BYTES) return close(socket, CLOSE_TOO_LARGE, "the frame is too large");
    const frame = parseAgentFrame(message);
    if (frame.type === "invalid") return this.#refuse(socket, "malformed", frame.message);
    if (frame.type === "hello") return this.#hello(socket, frame);
    if (attachmentOf(socket).bootId === null) return this.#refuse(socket, "malformed", "the first frame must be hello");
    if (frame.type === "stats") return this.#stats(frame);
    this.#statuses(frame.pods, false);
  }

  override async webSocketClose(socket: WebSocket, code: number, reason: string): Promise<void> {
    // 1005 and 1006 are never sent; they say that no close frame came.
    close(socket, code === 1005 || code === 1006 ? 1000 : code, reason);
    this.#socketGone(socket, code === CLOSE_STOPPING ? "Lost" : "Disconnected");
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    this.#socketGone(socket, "Disconnected");
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
      desired: this.#store.assignments().flatMap((entry) => entry.pods),
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
    for (const { revisionUid } of this.#store.assignments()) this.#undelivered.add(revisionUid);
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
    const { agentUid, name, labels, drivers, capacity, dataUrl } = hello;
    // Nothing is awaited between the verdict and what follows from it: an assignment that comes now is sent after welcome.
    const keys = await this.#keys(agentUid, keyEpoch);
    if (socket.readyState !== WebSocket.OPEN) return;
    const nowMs = Date.now();
    for (const other of this.#openSockets(socket)) {
      const verdict = judgeHello(attachmentOf(other).bootId, this.#lastHeardMs(other), hello.bootId, nowMs);
      if (verdict === "refuse") {
        const message = `agent ${hello.name} (${hello.agentUid}) is already connected from another process; stop that one, or join this machine under a name of its own`;
        return this.#refuse(socket, "duplicate", message);
      }
      drop(other, CLOSE_REPLACED, "a newer connection took over");
    }
    socket.serializeAttachment({ bootId: hello.bootId, connectedAtMs: nowMs } satisfies Attachment);
    this.#store.putIdentity({
      ...{ agentUid, name, labels, drivers, capacity, dataUrl, keyEpoch },
      connection: "Connected",
      disconnectedAtMs: null,
    });
    this.#mustObserve = true;
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
    const assignments = this.#store.assignments();
    const owner = new Map(assignments.flatMap((entry) => entry.pods.map((pod) => [pod.podId, entry.revisionUid])));
    for (const status of pods) {
      const revisionUid = owner.get(status.podId);
      // Pods that no revision assigned (any more) are the agent's to stop; nobody needs to hear of them.
      if (revisionUid === undefined) continue;
      this.#store.putStatus({ ...status, revisionUid });
      this.#undelivered.add(revisionUid);
    }
    if (isWhole) this.#forgetUnnamed(pods);
    if (isWhole) for (const { revisionUid } of assignments) this.#undelivered.add(revisionUid);
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
    close(socket, CLOSE_REFUSED, reason);
  }

  #socketGone(socket: WebSocket, connection: "Disconnected" | "Lost"): void {
    if (attachmentOf(socket).bootId === null) return;
    if (this.#openSockets(socket).some((other) => attachmentOf(other).bootId !== null)) return;
    const identity = this.#store.identity();
    if (identity?.connection !== "Connected") return;
    this.#setLink(identity, connection, Date.now());
    this.ctx.waitUntil(this.#deliver().then(() => this.#keepAlarm()));
  }

  /** A reset of this object drops the socket without an event, and so does a machine without power. */
  #noticeSilence(): void {
    const identity = this.#store.identity();
    if (identity?.connection !== "Connected") return;
    const nowMs = Date.now();
    const open = this.#openSockets(null);
    const silent = open.filter((socket) => isSilent(this.#lastHeardMs(socket), nowMs));
    if (silent.length < open.length) return;
    for (const socket of silent) drop(socket, CLOSE_SILENT, "nothing was heard for too long");
    this.#setLink(identity, "Disconnected", nowMs);
    this.ctx.waitUntil(this.#deliver().then(() => this.#keepAlarm()));
  }

  #setLink(identity: AgentIdentity, connection: AgentIdentity["connection"], disconnectedAtMs: number | null): void {
    this.#store.putIdentity({ ...identity, connection, disconnectedAtMs });
    this.#mustObserve = true;
    for (const { revisionUid } of this.#store.assignments()) this.#undelivered.add(revisionUid);
  }

  // --- what goes out ---

  #sendDesired(): void {
    const socket = this.ctx.getWebSockets().find((open) => isLive(open));
    if (socket === undefined) return;
    const frame: DesiredFrame = {
      type: "desired",
      controlPlaneId: this.#store.memoryId(),
      generation: this.#store.next("generation", Date.now()),
      pods: this.#store.assignments().flatMap((entry) => entry.pods),
    };
    socket.send(JSON.stringify(frame));
  }

  /** Tells every revision that must hear; what fails stays on the list and goes out again. */
  async #deliver(): Promise<void> {
    const identity = this.#store.identity();
    if (identity === null) return;
    const { agentUid, connection, dataUrl, keyEpoch } = identity;
    const due = [...this.#undelivered];
    this.#undelivered.clear();
    const observed = this.#mustObserve ? this.#observe(identity) : Promise.resolve();
    await Promise.all(
      due.map(async (revisionUid) => {
        const sequence = this.#store.next("report", Date.now());
        const pods = this.#store.statuses(revisionUid);
        const report = { agentUid, sequence, connection, dataUrl, keyEpoch, pods };
        try {
          await this.env.REVISION.getByName(revisionUid).podsReported(report);
        } catch {
          this.#undelivered.add(revisionUid);
        }
      }),
    );
    await observed;
    if (this.#undelivered.size > 0 || this.#mustObserve)
      await this.ctx.storage.setAlarm(Date.now() + DELIVERY_RETRY_MS);
    else await this.#keepAlarm();
  }

  async #observe(identity: AgentIdentity): Promise<void> {
    this.#mustObserve = false;
    const { agentUid, name, connection, drivers, labels, capacity } = identity;
    const sequence = this.#store.next("observation", Date.now());
    try {
      await this.env.CONTROL_PLANE.getByName(CONTROL_PLANE_NAME).agentObserved({
        ...{ agentUid, name, sequence, connection, drivers, labels, capacity },
      });
    } catch {
      this.#mustObserve = true;
    }
  }

  /** An alarm stands while there are pods to look after or an absence to end. */
  async #keepAlarm(): Promise<void> {
    if ((await this.ctx.storage.getAlarm()) !== null) return;
    const identity = this.#store.identity();
    const isAway = identity?.connection === "Disconnected" && identity.disconnectedAtMs !== null;
    const hasPods = this.#store.assignments().length > 0;
    if (isAway) await this.ctx.storage.setAlarm((identity.disconnectedAtMs ?? 0) + LOST_AFTER_MS);
    else if (hasPods) await this.ctx.storage.setAlarm(Date.now() + RESYNC_MS);
  }

  // --- sockets ---

  #openSockets(except: WebSocket | null): WebSocket[] {
    return this.ctx.getWebSockets().filter((open) => open !== except && isLive(open));
  }

  #lastHeardMs(socket: WebSocket): number {
    const pingedAtMs = this.ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0;
    return Math.max(pingedAtMs, this.#heardAtMs.get(socket) ?? 0, attachmentOf(socket).connectedAtMs);
  }
}

function attachmentOf(socket: WebSocket): Attachment {
  return (socket.deserializeAttachment() as Attachment | null) ?? { bootId: null, connectedAtMs: 0 };
}

/** A socket that said hello and is open. */
function isLive(socket: WebSocket): boolean {
  return socket.readyState === WebSocket.OPEN && attachmentOf(socket).bootId !== null;
}

/** Closes a socket that speaks for nobody any more: neither its frames nor its end count. */
function drop(socket: WebSocket, code: number, reason: string): void {
  socket.serializeAttachment({ ...attachmentOf(socket), bootId: null } satisfies Attachment);
  close(socket, code, reason);
}

function close(socket: WebSocket, code: number, reason: string): void {
  try {
    socket.close(code, reason);
  } catch {
    // It was closed already.
  }
}
