/**
 * HTTP as client-go speaks it through the kubeconfig that `rouse up` wrote: no credentials in headers (Go drops them over plain
 * http), no Table, no protobuf; a watch is a stream of lines.
 */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import type { Rouse } from "../harness/rouse.ts";
import type { KnativeObject } from "./objects.ts";

/** Placeholders are the core group's services. */
export type Plural = keyof typeof GROUP_VERSIONS;

const SERVING = "serving.knative.dev/v1";
const GROUP_VERSIONS = {
  ...{ services: SERVING, configurations: SERVING, routes: SERVING, revisions: SERVING },
  domainmappings: "serving.knative.dev/v1beta1",
  ...{ placeholders: "v1", pods: "v1", configmaps: "v1", secrets: "v1" },
} as const;

export type WatchEvent = { readonly type: string; readonly object: KnativeObject };

/** A Status of kind Failure, as client-go makes it an error. */
export class StatusError extends Error {
  readonly code: number;
  readonly reason: string;

  constructor(code: number, reason: string, message: string) {
    super(message);
    this.code = code;
    this.reason = reason;
  }
}

export const REQUEST_TIMEOUT_MS = 20_000;

export class Wire {
  readonly #server: string;

  constructor(rouse: Rouse) {
    const { clusters } = parse(readFileSync(rouse.kubeconfig, "utf8")) as {
      clusters: readonly { cluster: { server: string } }[];
    };
    this.#server = clusters[0]?.cluster.server ?? "";
  }

  /** @throws StatusError for every answer that is not a success */
  async request<T = KnativeObject>(
    method: string,
    path: string,
    body?: unknown,
    type = "application/json",
  ): Promise<T> {
    const response = await fetch(`${this.#server}${path}`, {
      method,
      headers: { accept: "application/json, */*", ...(body === undefined ? {} : { "content-type": type }) },
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as { kind?: string; code?: number; reason?: string; message?: string };
    if (response.ok) return answer as T;
    if (answer.kind !== "Status" || answer.code !== response.status) {
      throw new Error(`${method} ${path}: ${response.status} is no Status: ${JSON.stringify(answer)}`);
    }
    throw new StatusError(response.status, answer.reason ?? "", answer.message ?? "");
  }

  /** @returns when the server has answered with its headers; the events then come as they are sent, until it closes */
  async watch(path: string, query: string, signal: AbortSignal): Promise<AsyncIterable<WatchEvent>> {
    const response = await fetch(`${this.#server}${path}?${query}&watch=true`, {
      headers: { accept: "application/json, */*" },
      signal,
    });
    if (!response.ok || response.body === null) throw new Error(`watch of ${path}?${query}: ${response.status}`);
    return eventsOf(response.body);
  }
}

/** e.g. `/apis/serving.knative.dev/v1/namespaces/default/services` */
export function collectionOf(plural: Plural, namespace = "default", version: string = GROUP_VERSIONS[plural]): string {
  const name = plural === "placeholders" ? "services" : plural;
  return `${version.includes("/") ? "/apis" : "/api"}/${version}/namespaces/${namespace}/${name}`;
}

async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<WatchEvent> {
  let rest = "";
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const lines = `${rest}${chunk}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") yield JSON.parse(line) as WatchEvent;
  }
}
