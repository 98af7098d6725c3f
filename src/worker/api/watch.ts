/**
 * `GET list?watch=true`: a stream of events, one JSON object per line.
 *
 *     ControlPlane object ── watch-link.ts ──▶ ┐
 *                                              ├─▶ watch-stream.ts ──▶ client
 *     lists of a view ────── watch-view.ts ──▶ ┘
 */
import type { Outcome } from "../../core/protocol/control-plane.ts";
import type { ApiStatus } from "../../core/resource/api-status.ts";
import { represent } from "../../core/resource/representation.ts";
import { isView, type ResourceType, type StoredType, type ViewType } from "../../core/resource/resource-type.ts";
import type { TableObject } from "../../core/resource/table.ts";
import { bookmarkOf, errorEvent, type WatchEvent } from "../../core/resource/watch-event.ts";
import { parseWatchOptions, type WatchOptions } from "../../core/resource/watch-options.ts";
import { type ApiContext, answerStatus } from "./answers.ts";
import { controlPlaneOf } from "./environment.ts";
import { formatObject, formatOf } from "./format.ts";
import { listView } from "./views.ts";
import { WatchLink } from "./watch-link.ts";
import { BOOKMARK_MS, MAX_BUFFER_BYTES, SILENCE_MS, STALL_MS, WatchStream } from "./watch-stream.ts";
import { ViewWatch } from "./watch-view.ts";

export type WatchQuery = {
  /** null = all namespaces. */
  readonly namespace: string | null;
  readonly labelSelector: string;
  readonly fieldSelector: string;
};

export async function watch(c: ApiContext, type: ResourceType, query: WatchQuery): Promise<Response> {
  const parsed = parseWatchOptions((name) => c.req.query(name) ?? null, Math.random());
  if (!parsed.ok) return answerStatus(parsed.status);
  const session = new WatchSession(c, type, parsed.options);
  const source = isView(type)
    ? await openView(c, type, query, parsed.options, session)
    : await openStored(c, type as StoredType, query, parsed.options, session);
  if (source.ok) session.feedFrom(source.value);
  else if (source.status.reason === "Expired") session.fail(source.status);
  else return session.refuse(source.status);
  return new Response(session.stream.body, { headers: { "content-type": "application/json" } });
}

/** What feeds a stream. */
type Source = { close(): void };

/** The stream of one client and how far it is. */
class WatchSession {
  readonly stream: WatchStream;
  readonly #type: ResourceType;
  #version: number | null = null;
  #isInitialEndDue: boolean;
  #source: Source | null = null;

  constructor(c: ApiContext, type: ResourceType, options: WatchOptions) {
    this.#type = type;
    this.#isInitialEndDue = options.allowBookmarks && options.sendInitialEvents === true;
    const format = formatOf(c.req.raw);
    this.stream = new WatchStream({
      timing: {
        timeoutMs: options.timeoutSec * 1000,
        silenceMs: SILENCE_MS,
        bookmarkMs: BOOKMARK_MS,
        stallMs: STALL_MS,
      },
      maxBufferBytes: MAX_BUFFER_BYTES,
      toWire: (object) => formatObject(format, type, object as TableObject, Date.now()),
      bookmark: () => (options.allowBookmarks ? this.#bookmark(false) : null),
      onEnd: () => this.#source?.close(),
    });
    c.req.raw.signal.addEventListener("abort", () => this.stream.end());
  }

  feedFrom(source: Source): void {
    this.#source = source;
    if (!this.stream.isOpen) source.close();
  }

  /**
   * @param version how far the client is with these events; null = their like is still to come
   * @param isStart they belong to what the watch starts with
   */
  write(events: readonly WatchEvent[], version: number | null, isStart: boolean): void {
    this.stream.write(events, isStart);
    if (version === null) return;
    this.#version = version;
    if (!this.#isInitialEndDue) return;
    this.#isInitialEndDue = false;
    this.stream.write([{ type: "BOOKMARK", object: this.#bookmark(true) }]);
  }

  /** Ends the stream; a status tells the client what to do instead of coming back. */
  fail(status: ApiStatus | null): void {
    if (status !== null) this.stream.write([errorEvent(status)]);
    this.stream.end();
  }

  refuse(status: ApiStatus): Response {
    this.stream.end();
    const response = answerStatus(status);
    const retryAfterSec = status.details?.retryAfterSeconds;
    if (retryAfterSec !== undefined) response.headers.set("retry-after", String(retryAfterSec));
    return response;
  }

  #bookmark(isInitialEnd: boolean): unknown {
    return this.#version === null ? null : bookmarkOf(this.#type, String(this.#version), isInitialEnd);
  }
}

function openStored(
  c: ApiContext,
  type: StoredType,
  query: WatchQuery,
  { version, sendInitialEvents }: WatchOptions,
  session: WatchSession,
): Promise<Outcome<Source>> {
  return WatchLink.open({
    query: { ...query, kind: type.kind, version, sendInitialEvents },
    openSocket: async (path) => {
      const request = new Request(`http://control-plane${path}`, { headers: { upgrade: "websocket" } });
      return (await controlPlaneOf(c.env).fetch(request)) as Response;
    },
    onFrame: ({ events, version: sentVersion }, isStart) => {
      const shown = events.map((event) => ({ type: event.type, object: represent(type, event.object) }));
      session.write(shown, sentVersion, isStart);
    },
    onBroken: (status) => session.fail(status),
  });
}

async function openView(
  c: ApiContext,
  type: ViewType,
  { namespace, labelSelector, fieldSelector }: WatchQuery,
  { version, sendInitialEvents }: WatchOptions,
  session: WatchSession,
): Promise<Outcome<Source>> {
  let isStart = true;
  return ViewWatch.open({
    type,
    request: { version, sendInitialEvents, fieldSelector },
    labelSelector,
    list: () => listView(c.env, type, namespace),
    onEvents: (events, seenVersion) => {
      session.write(events, seenVersion, isStart);
      isStart = false;
    },
    onBroken: () => session.fail(null),
  });
}
