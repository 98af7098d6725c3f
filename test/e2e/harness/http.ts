/** Requests over raw node:http: the Host header is the test's to choose, and nothing is retried or decoded. */
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";

export type RequestInit = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** From the start to the end of the body. */
  readonly timeoutMs?: number;
};

export type Answer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly tookMs: number;
};

const DEFAULT_TIMEOUT_MS = 30_000;

export function requestOnce(port: number, host: string, path: string, init: RequestInit = {}): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const start = performance.now();
  const request = httpRequest(
    {
      host: "127.0.0.1",
      port,
      path,
      method: init.method ?? "GET",
      headers: {
        // Node frames a DELETE's body only when it is told the length.
        ...(init.body === undefined ? {} : { "content-length": String(Buffer.byteLength(init.body)) }),
        ...init.headers,
        host,
      },
      agent: false,
      signal: AbortSignal.timeout(init.timeoutMs ?? DEFAULT_TIMEOUT_MS),
    },
    (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString("utf8"),
          tookMs: performance.now() - start,
        }),
      );
    },
  );
  request.on("error", reject);
  request.end(init.body);
  return promise;
}
