/**
 * The queue-proxy of one pod: who may enter (breaker), who is inside (counts, stats), and the way to the application.
 *
 *     starting ──open──▶ ready ──drain──▶ draining ──(nothing in flight: onIdle)──▶
 *         └────────────────┴──────close──────┴──▶ closed
 *
 * An entry is a request or an upgraded socket. It is admitted once and leaves once; in between it may wait.
 */
import { type Dispatcher, H2CClient, Pool } from "undici";
import type { PodStats, PodTemplate } from "../../core/protocol/pod.ts";
import { Breaker, QUEUE_DEPTH_PER_CONCURRENCY } from "../../core/queue-proxy/breaker.ts";
import type { TimeoutLimits } from "../../core/queue-proxy/timeouts.ts";
import { createRequestStats, recordArrival, recordEnd, reportRequestStats } from "../../core/request-stats.ts";
import { DRAINING, NOT_READY, QUEUE_FULL, type Refusal } from "./refusal.ts";
import { RequestMeter } from "./request-meter.ts";

const CONNECT_TIMEOUT_MS = 5_000;
/** Shorter than the 5 s of Node's own servers, whose hint (`Keep-Alive: timeout=`) is obeyed as well. */
const IDLE_UPSTREAM_MS = 4_000;
const UPSTREAM_HEAD_BYTES = 64 * 1024;
/** Streams at once on the one connection to an h2c application without a concurrency limit. */
const H2C_STREAMS = 1_000;

export type Entry = {
  readonly isProxied: boolean;
  /** It has its slot: go on. */
  run(): void;
  /** The pod is gone while the entry waited. */
  evict(): void;
};

export class PodProxy {
  readonly podId: string;
  readonly revisionUid: string;
  readonly template: PodTemplate;
  readonly limits: TimeoutLimits;
  readonly meter = new RequestMeter();
  /** Called when the last entry leaves a draining pod. */
  onIdle: () => void = () => {};
  readonly #breaker: Breaker<Entry> | null;
  readonly #stats = createRequestStats(performance.now());
  readonly #sockets = new Set<string>();
  #state: "starting" | "ready" | "draining" | "closed" = "starting";
  #upstream: Dispatcher | null = null;
  #address = { host: "", port: 0 };
  #inFlight = 0;
  #proxiedInFlight = 0;
  #reportedAtMs = performance.now();

  constructor(podId: string, revisionUid: string, template: PodTemplate) {
    this.podId = podId;
    this.revisionUid = revisionUid;
    this.template = template;
    this.limits = {
      totalMs: template.timeoutSec * 1_000,
      responseStartMs: template.responseStartTimeoutSec * 1_000,
      idleMs: template.idleTimeoutSec * 1_000,
    };
    const limit = template.containerConcurrency;
    this.#breaker = limit > 0 ? new Breaker<Entry>(limit * QUEUE_DEPTH_PER_CONCURRENCY, limit, limit) : null;
  }

  get inFlight(): number {
    return this.#inFlight;
  }
  get queueDepth(): number {
    return this.#breaker?.queued ?? 0;
  }
  get address(): { readonly host: string; readonly port: number } {
    return this.#address;
  }

  /** The way to the application; only for entries that run. */
  get upstream(): Dispatcher {
    if (this.#upstream === null) throw new Error(`pod ${this.podId} was never opened`);
    return this.#upstream;
  }

  open(host: string, port: number): void {
    if (this.#state !== "starting") return;
    this.#state = "ready";
    this.#address = { host, port };
    const origin = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
    const { protocol, containerConcurrency } = this.template;
    // The exchange has its own timeouts; undici's would be a second opinion.
    const options = { headersTimeout: 0, bodyTimeout: 0, maxHeaderSize: UPSTREAM_HEAD_BYTES };
    this.#upstream =
      protocol === "h2c"
        ? new H2CClient(origin, {
            ...options,
            maxConcurrentStreams: containerConcurrency || H2C_STREAMS,
            pipelining: containerConcurrency || H2C_STREAMS,
          })
        : new Pool(origin, {
            ...options,
            pipelining: 1,
            keepAliveTimeout: IDLE_UPSTREAM_MS,
            connect: { timeout: CONNECT_TIMEOUT_MS },
          });
  }

  /** New requests are refused from now on; what is inside, the queue included, goes on. */
  drain(): void {
    if (this.#state === "closed") return;
    this.#state = "draining";
    if (this.#inFlight === 0) this.onIdle();
  }

  /** The application is gone. */
  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    for (const entry of this.#breaker?.cancelAll() ?? []) entry.evict();
    void this.#upstream?.destroy();
  }

  /**
   * An entry arrives. @returns null when it was let in: its `run` was called, or is going to be. A refusal has been
   * counted as an arrival, as in Knative, and has left already.
   */
  admit(entry: Entry, nowMs: number): Refusal | null {
    if (this.#state !== "ready") return this.#state === "draining" ? DRAINING : NOT_READY;
    recordArrival(this.#stats, nowMs, entry.isProxied);
    const outcome =
      this.#breaker === null ? "running" : this.#breaker.maybe(entry, entry.isProxied ? this.#breaker.capacity : 0);
    if (outcome === "rejected") {
      recordEnd(this.#stats, nowMs, entry.isProxied);
      return QUEUE_FULL;
    }
    this.#inFlight += 1;
    if (entry.isProxied) this.#proxiedInFlight += 1;
    if (outcome === "running") entry.run();
    return null;
  }

  /** An entry that was admitted ends. @param wasRunning false = it gave up while it waited */
  leave(entry: Entry, wasRunning: boolean, nowMs: number): void {
    recordEnd(this.#stats, nowMs, entry.isProxied);
    this.#inFlight -= 1;
    if (entry.isProxied) this.#proxiedInFlight -= 1;
    if (this.#breaker !== null) {
      if (wasRunning) this.#breaker.finish()?.run();
      else this.#breaker.cancel(entry);
    }
    if (this.#inFlight === 0 && this.#state === "draining") this.onIdle();
  }

  /** An upgraded connection is open. The edge keeps its slot as long as the request id is listed. */
  socketOpened(requestId: string): void {
    if (this.#breaker !== null && requestId !== "") this.#sockets.add(requestId);
  }

  socketClosed(requestId: string): void {
    this.#sockets.delete(requestId);
  }

  /** What was measured since the previous call. */
  report(nowMs: number): PodStats {
    const report = reportRequestStats(this.#stats, nowMs);
    const periodSec = Math.max(nowMs - this.#reportedAtMs, 1) / 1_000;
    this.#reportedAtMs = nowMs;
    return {
      podId: this.podId,
      revisionUid: this.revisionUid,
      averageConcurrency: report.averageConcurrency,
      averageProxiedConcurrency: report.averageProxiedConcurrency,
      requestCount: report.requestCount / periodSec,
      proxiedRequestCount: report.proxiedRequestCount / periodSec,
      inFlight: this.#inFlight,
      proxiedInFlight: this.#proxiedInFlight,
      queueDepth: this.queueDepth,
      sockets: [...this.#sockets],
    };
  }
}
