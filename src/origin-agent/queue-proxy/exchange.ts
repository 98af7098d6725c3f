/**
 * One request on its way through the queue-proxy: admitted (perhaps after a wait), sent to the application, its answer
 * streamed back. It is undici's handler and the breaker's entry in one object, and listeners find it on the response, so
 * that a request costs no closures.
 *
 *     begin ─▶ (queue) ─▶ run ─▶ onRequestStart ─▶ onResponseStart ─▶ onResponseData* ─▶ onResponseEnd ─▶ settle
 *       │        │          └──────────────┴─ onResponseError ─┴──────────────────────────────────────▶ settle
 *       └────────┴─ client gone, deadline, pod gone: abort upstream ──────────────────────────────────▶ settle
 *
 * `settle` runs exactly once and gives the slot back.
 */
import { type IncomingMessage, ServerResponse } from "node:http";
import type { Dispatcher } from "undici";
import { HOP_BY_HOP, POD_HEADER } from "../../core/protocol/headers.ts";
import { checkTimeouts, deadlineMs } from "../../core/queue-proxy/timeouts.ts";
import { addConnectionNames } from "./connection-names.ts";
import type { Entry, PodProxy } from "./pod-proxy.ts";
import { answerFor, brokeOffText, NO_CONNECTION, NO_SUCH_POD, refuse } from "./refusal.ts";
import { RequestBody } from "./request-body.ts";
import type { RequestHead } from "./request-head.ts";

/** The data server makes its responses of this class. */
export class ExchangeResponse extends ServerResponse<IncomingMessage> {
  exchange: Exchange | null = null;
}

/** A body up to this size leaves in one write with its head: 18 µs of user time per request against 23 (12 bytes, wrk -c16). */
const JOINED_BODY_BYTES = 8 * 1024;

/** A body of unknown length: it ends when upstream says so, and more may be appended. */
const UNKNOWN_LENGTH = -1;

export class Exchange implements Entry, Dispatcher.DispatchHandler {
  readonly isProxied: boolean;
  readonly #pod: PodProxy;
  readonly #request: IncomingMessage;
  readonly #response: ExchangeResponse;
  readonly #head: RequestHead;
  readonly #path: string;
  readonly #startedAtMs: number;
  #controller: Dispatcher.DispatchController | null = null;
  #body: RequestBody | null = null;
  #timer: NodeJS.Timeout | null = null;
  #lastWriteAtMs: number | null = null;
  #bytesLeft = UNKNOWN_LENGTH;
  #isRunning = false;
  #isSettled = false;
  #wasSent = false;
  #isSecondTry = false;

  constructor(
    pod: PodProxy,
    request: IncomingMessage,
    response: ExchangeResponse,
    head: RequestHead,
    path: string,
    nowMs: number,
  ) {
    this.isProxied = head.isProxied;
    this.#pod = pod;
    this.#request = request;
    this.#response = response;
    this.#head = head;
    this.#path = path;
    this.#startedAtMs = nowMs;
  }

  begin(): void {
    this.#response.exchange = this;
    this.#response.on("close", onResponseClose);
    this.#response.on("error", ignore);
    this.#armTimer(this.#startedAtMs);
    const refusal = this.#pod.admit(this, this.#startedAtMs);
    if (refusal === null) return;
    // It was never inside: nothing to give back.
    this.#isSettled = true;
    this.#stopTimer();
    refuse(this.#response, refusal);
    this.#pod.meter.observe(this.#response.statusCode, 0);
  }

  // --- Entry ---

  run(): void {
    this.#isRunning = true;
    this.#dispatch();
  }

  evict(): void {
    refuse(this.#response, NO_SUCH_POD);
    this.#settle();
  }

  // --- what undici tells ---

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#wasSent = true;
    if (this.#isSettled) controller.abort(new Error("the request ended before it was sent"));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
    statusText = "",
  ): void {
    if (this.#isSettled) return;
    const response = this.#response;
    // Interim answers (103) end here: the edge's fetch has no way to pass them on.
    if (status < 200) return;
    const raw: string[] = [POD_HEADER, this.#pod.podId];
    const ended = namedByConnection(headers.connection);
    for (const name in headers) {
      const value = headers[name];
      if (value === undefined || HOP_BY_HOP.has(name) || name.startsWith("x-rouse-") || ended?.has(name)) continue;
      if (typeof value === "string") raw.push(name, value);
      else for (const one of value) raw.push(name, one);
    }
    response.writeHead(status, statusText, raw);
    const length = headers["content-length"];
    if (typeof length === "string") this.#bytesLeft = Number(length);
    this.#noteWrite();
    // A head without a body yet (an event stream) must not wait for its first chunk; one that has its body in the same
    // packet must not cost a second write.
    process.nextTick(flushHead, response);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isSettled) return;
    this.#noteWrite();
    const response = this.#response;
    if (this.#bytesLeft !== UNKNOWN_LENGTH) {
      this.#bytesLeft -= chunk.length;
      if (this.#bytesLeft === 0) {
        // Node joins a short string to the head and writes both at once; a buffer costs a vectored write.
        if (chunk.length <= JOINED_BODY_BYTES) response.end(chunk.toString("latin1"), "latin1");
        else response.end(chunk);
        return;
      }
    }
    if (response.write(chunk)) return;
    controller.pause();
    response.once("drain", () => controller.resume());
  }

  onResponseEnd(): void {
    if (this.#isSettled) return;
    if (!this.#response.writableEnded) this.#response.end();
    this.#settle();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#isSettled) return;
    if (this.#response.headersSent) {
      // The client must see that the body is not whole.
      this.#response.destroy();
    } else if (this.#isRepeatable()) {
      this.#isSecondTry = true;
      this.#wasSent = false;
      this.#dispatch();
      return;
    } else if (this.#wasSent || this.#isSecondTry) {
      answerFor(this.#pod.podId, this.#response, "POD_UNREACHABLE", brokeOffText(error));
    } else {
      refuse(this.#response, NO_CONNECTION);
    }
    this.#settle();
  }

  // --- what ends it from outside ---

  clientClosed(): void {
    if (this.#isSettled) return;
    this.#settle();
    this.#abortUpstream("the client went away");
  }

  checkDeadline(): void {
    if (this.#isSettled) return;
    const nowMs = performance.now();
    const times = { startedAtMs: this.#startedAtMs, lastWriteAtMs: this.#lastWriteAtMs };
    const decision = checkTimeouts(this.#pod.limits, times, nowMs);
    switch (decision.kind) {
      case "continue":
        this.#armTimer(nowMs);
        return;
      case "answer":
        answerFor(this.#pod.podId, this.#response, "REQUEST_TIMEOUT", decision.message);
        break;
      case "cut":
        if (this.#bytesLeft === UNKNOWN_LENGTH) this.#response.end(decision.message);
        else this.#response.destroy();
    }
    this.#settle();
    this.#abortUpstream(decision.message);
  }

  // --- parts ---

  #dispatch(): void {
    if (this.#head.hasBody) this.#body ??= new RequestBody(this.#request);
    this.#pod.upstream.dispatch(
      {
        path: this.#path,
        method: this.#request.method as Dispatcher.HttpMethod,
        headers: this.#head.headers,
        body: this.#body,
      },
      this,
    );
  }

  /**
   * An idle connection may be closed by the application in the very moment it is used. A request that may be sent twice
   * (RFC 9110 §9.2.2) is; a failure of that one is the application's and no longer a refusal, so that a request that
   * kills its pod does not go from pod to pod.
   */
  #isRepeatable(): boolean {
    const { method } = this.#request;
    return this.#wasSent && !this.#isSecondTry && this.#body === null && (method === "GET" || method === "HEAD");
  }

  #abortUpstream(reason: string): void {
    this.#controller?.abort(new Error(reason));
    this.#body?.destroy();
  }

  #settle(): void {
    this.#isSettled = true;
    this.#stopTimer();
    const nowMs = performance.now();
    const response = this.#response;
    this.#pod.meter.observe(response.headersSent ? response.statusCode : 0, nowMs - this.#startedAtMs);
    this.#pod.leave(this, this.#isRunning, nowMs);
  }

  #noteWrite(): void {
    // Only the timer reads it.
    if (this.#timer !== null) this.#lastWriteAtMs = performance.now();
  }

  #armTimer(nowMs: number): void {
    const atMs = deadlineMs(this.#pod.limits, this.#startedAtMs, this.#lastWriteAtMs);
    if (atMs === Number.POSITIVE_INFINITY) this.#timer = null;
    else this.#timer = setTimeout(onDeadline, Math.max(1, Math.ceil(atMs - nowMs)), this);
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

function namedByConnection(connection: string | string[] | undefined): ReadonlySet<string> | null {
  if (connection === undefined) return null;
  if (typeof connection === "string") return addConnectionNames(null, connection);
  return connection.reduce<Set<string> | null>(addConnectionNames, null);
}

function onResponseClose(this: ExchangeResponse): void {
  this.exchange?.clientClosed();
}

/** A write that meets a closing socket; `close` tells the same. Unheard it would end the agent. */
function ignore(): void {}

function onDeadline(exchange: Exchange): void {
  exchange.checkDeadline();
}

function flushHead(response: ExchangeResponse): void {
  if (!response.writableEnded && !response.destroyed) response.flushHeaders();
}
