/**
 * The link to the edge: one WebSocket that the agent opens and opens again (core/protocol/agent-link.ts).
 *
 *     connecting ──open──▶ hello sent ──welcome──▶ connected ──┐
 *         ▲                                                    │ close, error, no pong for LINK_DEAD_AFTER_MS
 *         └──────── backoff (50 ms doubling to 5 s, jitter) ◀──┘
 *         refuse: `duplicate` tries again slowly, anything else ends the link for good
 */
import type { Logger } from "pino";
import { WebSocket } from "ws";
import {
  type AgentFrame,
  agentLinkPath,
  type DesiredFrame,
  type HelloFrame,
  LINK_DEAD_AFTER_MS,
  LINK_PING,
  LINK_PONG,
  MAX_FRAME_BYTES,
  PING_INTERVAL_MS,
  parseEdgeFrame,
  type RefuseFrame,
  type WelcomeFrame,
} from "../core/protocol/agent-link.ts";

const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 5_000;
/** Another agent lives under this identity: only a person can end that. */
const DUPLICATE_RETRY_MS = 15_000;
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** How long the edge may take to pass on that the agent goes, before it goes anyway. */
const CLOSE_DEADLINE_MS = 1_000;
const NORMAL_CLOSURE = 1_000;

export type LinkEvents = {
  hello(): HelloFrame;
  welcome(frame: WelcomeFrame): void;
  /** @param receivedAtMs on the clock of performance.now() */
  desired(frame: DesiredFrame, receivedAtMs: number): void;
  disconnected(): void;
  /** The edge will never accept this agent as it is: the link is closed. */
  refused(frame: RefuseFrame): void;
};

export class Link {
  readonly #url: string;
  readonly #credential: string;
  readonly #events: LinkEvents;
  readonly #log: Logger;
  #socket: WebSocket | null = null;
  #retryTimer: NodeJS.Timeout | null = null;
  #pingTimer: NodeJS.Timeout | null = null;
  #failures = 0;
  #isWelcome = false;
  #isDuplicate = false;
  #isClosed = false;
  #lastHeardMs = 0;

  constructor(edge: string, agentUid: string, credential: string, events: LinkEvents, log: Logger) {
    this.#url = edge.replace(/\/+$/, "").replace(/^http/, "ws") + agentLinkPath(agentUid);
    this.#credential = credential;
    this.#events = events;
    this.#log = log;
  }

  /** The edge has accepted this agent and the link is open. */
  get isConnected(): boolean {
    return this.#isWelcome;
  }

  open(): void {
    const socket = new WebSocket(this.#url, {
      headers: { authorization: `Bearer ${this.#credential}` },
      maxPayload: MAX_FRAME_BYTES,
      perMessageDeflate: false,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    });
    this.#socket = socket;
    socket.on("open", () => {
      this.#lastHeardMs = performance.now();
      this.#pingTimer = setInterval(() => this.#ping(socket), PING_INTERVAL_MS);
      this.#send(this.#events.hello());
    });
    socket.on("message", (data, isBinary) => {
      if (isBinary || socket !== this.#socket) return;
      this.#receive(String(data), performance.now());
    });
    socket.on("error", (error) => this.#log.warn({ error: error.message, url: this.#url }, "link to the edge failed"));
    socket.on("close", (code, reason) => this.#lost(socket, code, String(reason)));
  }

  /** Sent if the link is open; what is lost with a link is repeated by the hello of the next one. */
  send(frame: AgentFrame): void {
    if (this.#isWelcome) this.#send(frame);
  }

  /**
   * @param code tells the edge why; 1000 = nothing to say
   * @returns when the edge has heard it, or has not within CLOSE_DEADLINE_MS
   */
  async close(code: number = NORMAL_CLOSURE): Promise<void> {
    this.#isClosed = true;
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer);
    this.#stopPinging();
    const socket = this.#socket;
    this.#socket = null;
    this.#isWelcome = false;
    if (socket === null) return;
    if (socket.readyState !== WebSocket.OPEN) return socket.terminate();
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.close(code);
    // A peer that does not answer the close must not hold up the agent's end.
    const deadline = setTimeout(() => socket.terminate(), CLOSE_DEADLINE_MS);
    await closed;
    clearTimeout(deadline);
  }

  #send(frame: AgentFrame): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  #receive(text: string, receivedAtMs: number): void {
    this.#lastHeardMs = receivedAtMs;
    if (text === LINK_PONG) return;
    const frame = parseEdgeFrame(text);
    switch (frame.type) {
      case "welcome":
        this.#isWelcome = true;
        this.#isDuplicate = false;
        this.#failures = 0;
        this.#events.welcome(frame);
        break;
      case "desired":
        this.#events.desired(frame, receivedAtMs);
        break;
      case "refuse":
        this.#refused(frame);
        break;
      case "invalid":
        this.#log.error({ problem: frame.message }, "dropping a frame from the edge");
    }
  }

  #refused(frame: RefuseFrame): void {
    this.#log.error({ reason: frame.reason }, `the edge refuses this agent: ${frame.message}`);
    if (frame.reason === "duplicate") {
      this.#isDuplicate = true;
      this.#socket?.close(NORMAL_CLOSURE);
      return;
    }
    void this.close();
    this.#events.refused(frame);
  }

  #ping(socket: WebSocket): void {
    if (performance.now() - this.#lastHeardMs <= LINK_DEAD_AFTER_MS) {
      socket.send(LINK_PING);
      return;
    }
    this.#log.warn({ silentMs: LINK_DEAD_AFTER_MS }, "the edge does not answer; opening the link again");
    socket.terminate();
  }

  #lost(socket: WebSocket, code: number, reason: string): void {
    if (socket !== this.#socket) return;
    this.#socket = null;
    this.#stopPinging();
    if (this.#isWelcome) this.#events.disconnected();
    this.#isWelcome = false;
    if (this.#isClosed) return;
    const delayMs = this.#isDuplicate ? DUPLICATE_RETRY_MS : this.#backoffMs();
    this.#failures += 1;
    this.#log.info({ code, reason, delayMs }, "link closed; opening it again");
    this.#retryTimer = setTimeout(() => this.open(), delayMs);
  }

  /** Between half of the step and the whole, so that agents of one edge do not come back in step. */
  #backoffMs(): number {
    const stepMs = Math.min(FIRST_RETRY_MS * 2 ** Math.min(this.#failures, 16), LONGEST_RETRY_MS);
    return Math.round(stepMs * (0.5 + Math.random() / 2));
  }

  #stopPinging(): void {
    if (this.#pingTimer !== null) clearInterval(this.#pingTimer);
    this.#pingTimer = null;
  }
}
