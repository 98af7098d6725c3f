/**
 * An upgraded connection (WebSocket or anything else): the handshake goes through Node's HTTP client, so that both heads
 * are sanitised; then two sockets are tied together byte by byte. It counts as in flight until both are closed. The
 * request's timeouts end with the handshake: an open socket may be silent for hours.
 */
import { type ClientRequest, type IncomingMessage, request as requestUpstream } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { ERRORS } from "../../core/errors.ts";
import { HOP_BY_HOP, POD_HEADER } from "../../core/protocol/headers.ts";
import { checkTimeouts, deadlineMs } from "../../core/queue-proxy/timeouts.ts";
import { addConnectionNames } from "./connection-names.ts";
import type { Entry, PodProxy } from "./pod-proxy.ts";
import {
  answerSocketFor,
  brokeOffText,
  NO_CONNECTION,
  NO_SUCH_POD,
  type PodError,
  type Refusal,
  refuseSocket,
  statusOf,
} from "./refusal.ts";
import type { RequestHead } from "./request-head.ts";

export class UpgradeExchange implements Entry {
  readonly isProxied: boolean;
  readonly #pod: PodProxy;
  readonly #request: IncomingMessage;
  readonly #client: Duplex;
  readonly #clientHead: Buffer;
  readonly #head: RequestHead;
  readonly #path: string;
  readonly #startedAtMs = performance.now();
  #upstream: ClientRequest | null = null;
  #application: Socket | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isRunning = false;
  #isSettled = false;
  #status = 0;

  constructor(
    pod: PodProxy,
    request: IncomingMessage,
    client: Duplex,
    clientHead: Buffer,
    head: RequestHead,
    path: string,
  ) {
    this.isProxied = head.isProxied;
    this.#pod = pod;
    this.#request = request;
    this.#client = client;
    this.#clientHead = clientHead;
    this.#head = head;
    this.#path = path;
  }

  begin(): void {
    this.#client.on("error", () => this.#client.destroy());
    this.#client.on("close", () => this.#clientClosed());
    this.#armTimer();
    const refusal = this.#pod.admit(this, this.#startedAtMs);
    if (refusal === null) return;
    this.#isSettled = true;
    this.#stopTimer();
    refuseSocket(this.#client, refusal);
    this.#pod.meter.observe(statusOf(refusal), 0);
  }

  run(): void {
    this.#isRunning = true;
    const { host, port } = this.#pod.address;
    const { method, headers } = this.#request;
    const upstream = requestUpstream({
      host,
      port,
      path: this.#path,
      method,
      headers: [...this.#head.headers, "connection", "Upgrade", "upgrade", headers.upgrade ?? "websocket"],
      setHost: false,
      agent: false,
    });
    this.#upstream = upstream;
    upstream.on("upgrade", (response, socket, head) => this.#upgraded(response, socket, head));
    upstream.on("response", (response) => this.#declined(response));
    upstream.on("error", (error: NodeJS.ErrnoException) => this.#failed(error));
    upstream.end();
  }

  evict(): void {
    this.#refuse(NO_SUCH_POD);
  }

  #upgraded(response: IncomingMessage, application: Socket, head: Buffer): void {
    if (this.#isSettled) {
      application.destroy();
      return;
    }
    this.#stopTimer();
    this.#status = 101;
    this.#application = application;
    this.#pod.socketOpened(this.#head.requestId);
    const client = this.#client;
    application.setNoDelay(true);
    application.setTimeout(0);
    application.on("error", () => application.destroy());
    application.on("close", () => {
      // What was read is still to be written: the pipe ends the client's side. A broken one is cut.
      if (!application.readableEnded) client.destroy();
      this.#settleIfClosed();
    });
    client.write(headText(response, this.#pod.podId, true));
    if (head.length > 0) client.write(head);
    if (this.#clientHead.length > 0) application.write(this.#clientHead);
    application.pipe(client);
    client.pipe(application);
  }

  /** The application answered without upgrading: its answer goes through and the connection ends with it. */
  #declined(response: IncomingMessage): void {
    if (this.#isSettled) {
      response.destroy();
      return;
    }
    this.#status = response.statusCode ?? 0;
    this.#client.write(headText(response, this.#pod.podId, false));
    response.on("error", () => this.#client.destroy());
    response.pipe(this.#client);
  }

  #failed(error: NodeJS.ErrnoException): void {
    if (error.code === "ECONNREFUSED" || error.code === "EHOSTUNREACH") {
      this.#refuse(NO_CONNECTION);
    } else {
      this.#fail("POD_UNREACHABLE", brokeOffText(error));
    }
  }

  #refuse(refusal: Refusal): void {
    if (this.#isSettled) return;
    if (this.#status === 0) refuseSocket(this.#client, refusal);
    this.#finish(statusOf(refusal));
  }

  #fail(error: PodError, body: string): void {
    if (this.#isSettled) return;
    if (this.#status === 0) answerSocketFor(this.#pod.podId, this.#client, error, body);
    this.#finish(ERRORS[error].status);
  }

  /** Gives the slot back; what was answered in part is cut off. */
  #finish(status: number): void {
    if (this.#status === 0) this.#status = status;
    else this.#client.destroy();
    this.#settle();
    this.#upstream?.destroy();
  }

  #clientClosed(): void {
    this.#application?.destroy();
    this.#upstream?.destroy();
    this.#settleIfClosed();
  }

  #settleIfClosed(): void {
    if (this.#isSettled || !this.#client.destroyed) return;
    if (this.#application === null || this.#application.destroyed) this.#settle();
  }

  #settle(): void {
    this.#isSettled = true;
    this.#stopTimer();
    this.#pod.socketClosed(this.#head.requestId);
    const nowMs = performance.now();
    this.#pod.meter.observe(this.#status, nowMs - this.#startedAtMs);
    this.#pod.leave(this, this.#isRunning, nowMs);
  }

  #armTimer(): void {
    const nowMs = performance.now();
    const atMs = deadlineMs(this.#pod.limits, this.#startedAtMs, null);
    if (atMs === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#checkDeadline(), Math.max(1, Math.ceil(atMs - nowMs)));
  }

  #checkDeadline(): void {
    const times = { startedAtMs: this.#startedAtMs, lastWriteAtMs: null };
    const decision = checkTimeouts(this.#pod.limits, times, performance.now());
    if (decision.kind === "answer") this.#fail("REQUEST_TIMEOUT", decision.message);
    else this.#armTimer();
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

/** The application's head as text, with the pod's mark and without what only Rouse may say. */
function headText(response: IncomingMessage, podId: string, isUpgrade: boolean): string {
  const lines = [`HTTP/1.1 ${response.statusCode} ${response.statusMessage}`, `${POD_HEADER}: ${podId}`];
  const { rawHeaders } = response;
  const ended = addConnectionNames(null, response.headers.connection ?? "");
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? "").toLowerCase();
    if (name.startsWith("x-rouse-")) continue;
    // On a declined upgrade Node has taken the framing off: the end of the connection is the end of the body.
    if (HOP_BY_HOP.has(name) ? !isUpgrade : ended?.has(name)) continue;
    lines.push(`${rawHeaders[index]}: ${rawHeaders[index + 1]}`);
  }
  if (!isUpgrade) lines.push("connection: close");
  return `${lines.join("\r\n")}\r\n\r\n`;
}
