/**
 * The other end of an agent's link, for tests: a WebSocket server that speaks the protocol by hand, and mints grants.
 */
import { createHmac, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import {
  type AgentFrame,
  type EdgeFrame,
  type HelloFrame,
  LINK_PING,
  LINK_PONG,
  LINK_VERSION,
  parseAgentFrame,
} from "../../src/core/protocol/agent-link.ts";
import { grantPayload } from "../../src/core/protocol/grant.ts";
import type { DesiredPod, PodStats, PodStatus } from "../../src/core/protocol/pod.ts";

export const KEY_EPOCH = 7;
const WAIT_LIMIT_MS = 10_000;

export class FakeEdge {
  readonly key = randomBytes(32);
  readonly hellos: HelloFrame[] = [];
  readonly requests: IncomingMessage[] = [];
  /** The newest status of each pod that was ever reported. */
  readonly statuses = new Map<string, PodStatus>();
  readonly stats = new Map<string, PodStats>();
  /** When the newest stats were measured, on the edge's clock. */
  measuredAtMs = 0;
  /** Answers to a hello instead of a welcome. */
  refuse: Extract<EdgeFrame, { type: "refuse" }> | null = null;
  /** What the edge's clock shows more than ours. */
  skewMs = 0;
  controlPlaneId = "control-plane-1";
  generation = 0;
  readonly #server = createServer();
  readonly #sockets = new WebSocketServer({ server: this.#server });
  readonly #waiting = new Set<() => void>();
  #socket: WebSocket | null = null;

  static async listen(): Promise<FakeEdge> {
    const edge = new FakeEdge();
    edge.#sockets.on("connection", (socket, request) => edge.#connected(socket, request));
    await new Promise<void>((resolve) => edge.#server.listen(0, "127.0.0.1", resolve));
    return edge;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resolves once `read` gives something; it is asked again after each frame. */
  async until<T>(what: string, read: () => T | undefined | null | false): Promise<T> {
    const giveUpAtMs = Date.now() + WAIT_LIMIT_MS;
    for (;;) {
      const value = read();
      if (value !== undefined && value !== null && value !== false) return value;
      const leftMs = giveUpAtMs - Date.now();
      if (leftMs <= 0)
        throw new Error(`timed out waiting for ${what}; statuses: ${JSON.stringify([...this.statuses])}`);
      await new Promise<void>((resolve) => {
        const finish = () => {
          clearTimeout(timer);
          this.#waiting.delete(finish);
          resolve();
        };
        const timer = setTimeout(finish, leftMs);
        this.#waiting.add(finish);
      });
    }
  }

  untilPhase(podId: string, phase: PodStatus["phase"]): Promise<PodStatus> {
    return this.until(`pod ${podId} to be ${phase}`, () => {
      const status = this.statuses.get(podId);
      return status?.phase === phase && status;
    });
  }

  /** Sends the whole desired state under the next generation. */
  desire(...pods: DesiredPod[]): void {
    this.generation += 1;
    this.send({ type: "desired", controlPlaneId: this.controlPlaneId, generation: this.generation, pods });
  }

  send(frame: EdgeFrame): void {
    this.#socket?.send(JSON.stringify(frame));
  }

  grant(podId: string, lifetimeMs = 10_000, keyEpoch = KEY_EPOCH, key: Buffer = this.key): string {
    const expiresAtMs = Date.now() + this.skewMs + lifetimeMs;
    const payload = grantPayload({ podId, leaseId: "lease-1", expiresAtMs, keyEpoch });
    return `${payload}.${createHmac("sha256", key).update(payload).digest("base64url")}`;
  }

  /** Drops the link without a word, as a deploy does. */
  dropLink(): void {
    this.#socket?.terminate();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#sockets.close();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #connected(socket: WebSocket, request: IncomingMessage): void {
    this.#socket = socket;
    this.requests.push(request);
    socket.on("error", () => {});
    socket.on("message", (data) => {
      const text = String(data);
      if (text === LINK_PING) socket.send(LINK_PONG);
      else this.#receive(text);
      for (const wake of this.#waiting) wake();
    });
  }

  #receive(text: string): void {
    const frame = parseAgentFrame(text);
    if (frame.type === "invalid") throw new Error(`the agent sent a bad frame: ${frame.message}`);
    this.#note(frame);
    if (frame.type !== "hello") return;
    if (this.refuse !== null) {
      this.send(this.refuse);
      this.#socket?.close();
      return;
    }
    this.send({
      type: "welcome",
      version: LINK_VERSION,
      controlPlaneId: this.controlPlaneId,
      keys: [{ epoch: KEY_EPOCH, key: this.key.toString("base64url") }],
      clockMs: Date.now() + this.skewMs,
    });
  }

  #note(frame: AgentFrame): void {
    if (frame.type === "hello") this.hellos.push(frame);
    if (frame.type === "stats") {
      this.measuredAtMs = frame.measuredAtMs;
      for (const pod of frame.pods) this.stats.set(pod.podId, pod);
    } else for (const pod of frame.pods) this.statuses.set(pod.podId, pod);
  }
}
