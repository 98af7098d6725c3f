/**
 * The data plane's one server: `/<pod id>/<original path>` with a grant in x-rouse-grant. The grant is checked before
 * anything else, so that a stranger learns nothing.
 */
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { Duplex } from "node:stream";
import type { EdgeClock } from "../edge-clock.ts";
import { listen } from "../listen.ts";
import { Exchange, ExchangeResponse } from "./exchange.ts";
import type { Grants } from "./grants.ts";
import type { PodProxy } from "./pod-proxy.ts";
import { NO_SUCH_POD, type Refusal, refuse, refuseSocket } from "./refusal.ts";
import { type RequestHead, readRequestHead, splitTarget } from "./request-head.ts";
import { UpgradeExchange } from "./upgrade.ts";

/** Longer than any edge keeps an idle connection (Cloudflare: 900 s), so that the edge is the one that closes. */
const KEEP_ALIVE_MS = 910_000;
const HEADERS_TIMEOUT_MS = 60_000;
const MAX_HEAD_BYTES = 128 * 1024;

export class DataServer {
  readonly #pods: ReadonlyMap<string, PodProxy>;
  readonly #grants: Grants;
  readonly #clock: EdgeClock;
  readonly #server: Server<typeof IncomingMessage, typeof ExchangeResponse>;

  constructor(pods: ReadonlyMap<string, PodProxy>, grants: Grants, clock: EdgeClock) {
    this.#pods = pods;
    this.#grants = grants;
    this.#clock = clock;
    this.#server = createServer({
      ServerResponse: ExchangeResponse,
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: HEADERS_TIMEOUT_MS,
      // Uploads take as long as the revision's own timeout lets them.
      requestTimeout: 0,
      maxHeaderSize: MAX_HEAD_BYTES,
    });
    this.#server.on("request", (request, response) => this.#serve(request, response as ExchangeResponse));
    this.#server.on("checkContinue", (request, response) => {
      response.writeContinue();
      this.#serve(request, response as ExchangeResponse);
    });
    this.#server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** @param port 0 = any free one. @returns the port */
  listen(host: string, port: number): Promise<number> {
    return listen(this.#server, host, port, "--data-port");
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  #serve(request: IncomingMessage, response: ExchangeResponse): void {
    const head = readRequestHead(request.rawHeaders);
    const target = splitTarget(request.url ?? "");
    const pod = this.#podFor(target?.podId ?? "", head);
    if (target === null || "reason" in pod) refuse(response, "reason" in pod ? pod : NO_SUCH_POD);
    else new Exchange(pod, request, response, head, target.path, performance.now()).begin();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, clientHead: Buffer): void {
    const head = readRequestHead(request.rawHeaders);
    const target = splitTarget(request.url ?? "");
    const pod = this.#podFor(target?.podId ?? "", head);
    if (target === null || "reason" in pod) {
      socket.on("error", () => socket.destroy());
      refuseSocket(socket, "reason" in pod ? pod : NO_SUCH_POD);
    } else new UpgradeExchange(pod, request, socket, clientHead, head, target.path).begin();
  }

  #podFor(podId: string, head: RequestHead): PodProxy | Refusal {
    const problem = this.#grants.problemOf(head.grant, podId, this.#clock.nowMs());
    if (problem !== null) return { reason: "grant", message: problem };
    return this.#pods.get(podId) ?? NO_SUCH_POD;
  }
}
