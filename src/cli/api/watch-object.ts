/**
 * What happens to one object, for as long as somebody wants to know: what it is now, then the events of the API's watch.
 * State counts, not history: after each interruption the object is read again, so no event has to be caught up.
 *
 *     GET ──▶ its state ──▶ watch from its resourceVersion ──▶ events ──┐
 *      ▲                                                                │ closed, cut off, or an ERROR event
 *      └──────────────────────── a pause ◀──────────────────────────────┘
 */
import { setTimeout as delay } from "node:timers/promises";
import { CliError, EXIT_CODES } from "../cli-error.ts";
import { type ApiClient, refusal } from "./api-client.ts";
import { type NounKind, nounPath } from "./kinds.ts";

/** null: there is no such object (any more). */
export type Sight = WatchedObject | null;
export type WatchedObject = {
  readonly metadata: { readonly name: string; readonly resourceVersion?: string };
  readonly [field: string]: unknown;
};

const REOPEN_PAUSE_MS = 200;
/** For a server without watch: as often as kn asks then. */
const POLL_MS = 1_000;
const NOT_FOUND = 404;

/**
 * @param timeoutMs told to the server, so that it need not keep a stream that nobody reads
 * @param signal ends the sequence
 */
export async function* watchObject(
  client: ApiClient,
  kind: NounKind,
  namespace: string,
  name: string,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): AsyncGenerator<Sight> {
  let lastVersion: string | undefined;
  while (!signal.aborted) {
    let pauseMs = REOPEN_PAUSE_MS;
    try {
      const current = await read(client, nounPath(kind, namespace, name), signal);
      const version = current?.metadata.resourceVersion;
      if (current === null || version === undefined || version !== lastVersion) yield current;
      lastVersion = version;
      const query = new URLSearchParams({
        watch: "true",
        fieldSelector: `metadata.name=${name}`,
        resourceVersion: version ?? "",
        timeoutSeconds: String(Math.ceil(timeoutMs / 1_000)),
      });
      const { status, lines } = await client.watch(`${nounPath(kind, namespace)}?${query}`, signal);
      // 405: a server without watch. Others are not going to pass within milliseconds either.
      if (status >= 300) pauseMs = POLL_MS;
      for await (const line of lines) {
        const event = parseEvent(line);
        if (event.type === "ERROR") break;
        if (event.object?.metadata.name !== name) continue;
        lastVersion = event.object.metadata.resourceVersion;
        yield event.type === "DELETED" ? null : event.object;
      }
    } catch (error) {
      // A stream that is cut off and an edge that starts again are waited for; everything else is not going to pass.
      if (error instanceof CliError && error.exitCode !== EXIT_CODES.unreachable) throw error;
      pauseMs = POLL_MS;
    }
    await delay(pauseMs, undefined, { signal }).catch(() => {});
  }
}

async function read(client: ApiClient, path: string, signal: AbortSignal): Promise<Sight> {
  const response = await client.request("GET", path, undefined, signal);
  if (response.status === NOT_FOUND) return null;
  if (response.status >= 300) throw refusal("read the object", response);
  return client.objectIn(response.body) as WatchedObject;
}

function parseEvent(line: string): { readonly type: string; readonly object: WatchedObject | null } {
  const { type, object } = JSON.parse(line) as { type?: unknown; object?: WatchedObject };
  return { type: typeof type === "string" ? type : "", object: object?.metadata === undefined ? null : object };
}
