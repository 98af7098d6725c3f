/**
 * The agent's end of the link, by hand: a WebSocket through the Worker, with the frames that came and were not read yet.
 * Waits have no deadline of their own; the test's timeout is it.
 */
import { exports } from "cloudflare:workers";
import {
  type AgentFrame,
  agentLinkPath,
  type EdgeFrame,
  type HelloFrame,
  LINK_PONG,
  LINK_VERSION,
  parseEdgeFrame,
} from "../../../src/core/protocol/agent-link.ts";
import type { PodStatus } from "../../../src/core/protocol/pod.ts";
import { deriveAgentCredential } from "../../../src/worker/credential.ts";

/** As vitest.config.ts has it. */
export const ROOT_KEY = "test-root-key-test-root-key-test-root-key";

const worker = (exports as unknown as { readonly default: Fetcher }).default;

export async function requestLink(agentUid: string, headers: Record<string, string>): Promise<Response> {
  return worker.fetch(`http://rouse.test${agentLinkPath(agentUid)}`, { headers });
}

type Received = EdgeFrame | { readonly type: "pong" };
type Closed = { readonly code: number; readonly reason: string };

export class Link {
  readonly closed: Promise<Closed>;
  readonly #socket: WebSocket;
  #unread: Received[] = [];
  #wakeUp = Promise.withResolvers<void>();
  #isClosed = false;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    const closed = Promise.withResolvers<Closed>();
    this.closed = closed.promise;
    socket.addEventListener("message", ({ data }) => this.#receive(String(data)));
    socket.addEventListener("close", ({ code, reason }) => {
      this.#isClosed = true;
      closed.resolve({ code, reason });
      this.#wake();
    });
    socket.accept();
  }

  /** Opens the link with the right credential and says nothing. */
  static async open(agentUid: string): Promise<Link> {
    const authorization = `Bearer ${await deriveAgentCredential(ROOT_KEY, agentUid)}`;
    const { status, webSocket } = await requestLink(agentUid, { authorization, upgrade: "websocket" });
    if (webSocket === null) throw new Error(`the edge answered ${status} instead of opening the link`);
    return new Link(webSocket);
  }

  /** Opens the link, says hello and waits until the edge has welcomed it. */
  static async greet(hello: HelloFrame): Promise<Link> {
    const link = await Link.open(hello.agentUid);
    link.send(hello);
    await link.next("welcome");
    return link;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  send(frame: AgentFrame | string): void {
    this.#socket.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  }

  report(...pods: PodStatus[]): void {
    this.send({ type: "status", generation: 1, pods });
  }

  close(code = 1000): void {
    this.#socket.close(code);
  }

  /** The next frame of a type that was not read yet; frames before it are dropped. */
  async next<T extends Received["type"]>(type: T): Promise<Extract<Received, { type: T }>> {
    for (;;) {
      const at = this.#unread.findIndex((frame) => frame.type === type);
      if (at >= 0) return this.#unread.splice(0, at + 1)[at] as Extract<Received, { type: T }>;
      if (this.#isClosed) throw new Error(`the link closed before a frame of type ${type} came`);
      await this.#wakeUp.promise;
    }
  }

  /** Types of the frames that nobody read, in order. */
  get unread(): readonly string[] {
    return this.#unread.map((frame) => frame.type);
  }

  #receive(text: string): void {
    const frame = text === LINK_PONG ? ({ type: "pong" } as const) : parseEdgeFrame(text);
    if (frame.type === "invalid") throw new Error(`the edge sent a frame that agents refuse: ${frame.message}`);
    this.#unread.push(frame);
    this.#wake();
  }

  #wake(): void {
    this.#wakeUp.resolve();
    this.#wakeUp = Promise.withResolvers();
  }
}

export function helloOf(agentUid: string, changes: Partial<HelloFrame> = {}): HelloFrame {
  return {
    type: "hello",
    version: LINK_VERSION,
    agentUid,
    name: `machine of ${agentUid}`,
    bootId: "boot-1",
    machineId: "machine-1",
    labels: {},
    capacity: { pods: 10, cpuMillis: 4000, memoryBytes: 8e9 },
    drivers: ["process"],
    dataUrl: `http://${agentUid}.agents.test:8012`,
    clockMs: Date.now(),
    controlPlaneId: null,
    generation: 0,
    pods: [],
    ...changes,
  };
}

export function statusOf(podId: string, revisionUid: string, changes: Partial<PodStatus> = {}): PodStatus {
  return { podId, revisionUid, phase: "ready", startMs: 3, readyMs: 40, ...changes };
}
