/**
 * Who watches, and what each is told. A watcher is a hibernatable WebSocket from a Worker (core/protocol/watch-link.ts);
 * its scope is its attachment, so it outlives this object's memory. How far watchers are needs no record: only this object
 * writes, so whatever was written before it hibernated was sent.
 *
 *     commits ─▶ log rows after #sentVersion, read once ─▶ per group: match, one frame ─▶ each socket of the group
 *
 * A group is the sockets with the same scope: a hundred informers of one kind cost one match and one frame.
 */
import type { WatchLinkQuery, WatchScope } from "../../core/protocol/watch-link.ts";
import { type ApiStatus, failure } from "../../core/resource/api-status.ts";
import { startOf, type WatchStart } from "../../core/resource/watch-start.ts";
import { listVersion } from "../../core/resource/watch-version.ts";
import type { LogRow } from "./event-log.ts";
import type { ObjectStore } from "./object-store.ts";
import { framesOf, LoggedChanges, partsOf, startEvents } from "./watch-frames.ts";
import { parseScope, type ScopeFilter } from "./watch-scope.ts";

/** One frame per write that concerns it goes to each of them. */
const MAX_WATCHERS = 2_000;
const RETRY_AFTER_SEC = 10;
/** What a watch starts with is sent at once, and its Worker has to keep it until the client has read it. */
const MAX_START_CHARS = 8_000_000;
/** A watcher that nothing concerns hears this often how far it is, while anything is written. */
const PROGRESS_EVERY_MS = 60_000;

type Group = { readonly filter: ScopeFilter; readonly sockets: Set<WebSocket>; toldAtMs: number };

export class Watchers {
  readonly #ctx: DurableObjectState;
  readonly #objects: ObjectStore;
  readonly #groups = new Map<string, Group>();
  #sentVersion: number;

  /** Before anything is written: what was there already is taken to be sent. */
  constructor(ctx: DurableObjectState, objects: ObjectStore) {
    this.#ctx = ctx;
    this.#objects = objects;
    this.#sentVersion = objects.log.bounds().newest;
    for (const socket of ctx.getWebSockets()) this.#add(socket, 0);
  }

  get count(): number {
    let count = 0;
    for (const { sockets } of this.#groups.values()) count += sockets.size;
    return count;
  }

  /** Opens a watch: what it starts with is sent before anything that is written later. */
  connect(request: Request): Response {
    const query = parseQuery(request);
    if (query === null) return refuse(failure("BadRequest", "a watch is a WebSocket with a query"));
    const scope = parseScope(query);
    if (!scope.ok) return refuse(scope.status);
    if (this.count >= MAX_WATCHERS) return refuse(tooMany());
    this.publish(Date.now());
    const bounds = this.#objects.log.bounds();
    const start = startOf(query, bounds);
    if (start.type === "expired") return refuse(start.status);
    const events = startEvents(start, scope.filter, this.#objects, MAX_START_CHARS);
    if (events === null) return refuse(tooMuchFor(start));
    this.#sentVersion = bounds.newest;
    const { 0: client, 1: server } = new WebSocketPair();
    this.#ctx.acceptWebSocket(server);
    const { kind, namespace, labelSelector, fieldSelector } = query;
    server.serializeAttachment({ kind, namespace, labelSelector, fieldSelector } satisfies WatchScope);
    this.#add(server, Date.now());
    for (const frame of framesOf(events, listVersion(bounds.newest))) this.#send(server, frame);
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Tells everyone what was committed since the last call. With nobody watching it costs nothing. */
  publish(nowMs: number): void {
    if (this.#groups.size === 0) return;
    for (const rows of partsOf(this.#objects.log.after(this.#sentVersion, null))) this.#tell(rows, nowMs);
  }

  /** The socket closed or broke. */
  remove(socket: WebSocket): void {
    for (const [key, { sockets }] of this.#groups) {
      if (sockets.delete(socket) && sockets.size === 0) this.#groups.delete(key);
    }
    closeQuietly(socket);
  }

  #tell(rows: readonly LogRow[], nowMs: number): void {
    const sentVersion = rows.at(-1)?.version ?? this.#sentVersion;
    const changes = new LoggedChanges(rows);
    for (const group of this.#groups.values()) {
      const events = changes.eventsFor(group.filter);
      if (events.length === 0 && nowMs - group.toldAtMs < PROGRESS_EVERY_MS) continue;
      group.toldAtMs = nowMs;
      for (const frame of framesOf(events, listVersion(sentVersion))) {
        for (const socket of group.sockets) this.#send(socket, frame);
      }
    }
    this.#sentVersion = sentVersion;
  }

  #add(socket: WebSocket, toldAtMs: number): void {
    const scope = socket.deserializeAttachment() as WatchScope;
    const key = JSON.stringify(scope);
    const group = this.#groups.get(key) ?? newGroup(scope, toldAtMs);
    if (group === null) return closeQuietly(socket);
    group.sockets.add(socket);
    this.#groups.set(key, group);
  }

  /** A socket that cannot be written to is gone; its Worker comes back with another. */
  #send(socket: WebSocket, frame: string): void {
    try {
      socket.send(frame);
    } catch {
      this.remove(socket);
    }
  }
}

function newGroup(scope: WatchScope, toldAtMs: number): Group | null {
  const parsed = parseScope(scope);
  return parsed.ok ? { filter: parsed.filter, sockets: new Set(), toldAtMs } : null;
}

function parseQuery(request: Request): WatchLinkQuery | null {
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") return null;
  const text = new URL(request.url).searchParams.get("query");
  return text === null ? null : (JSON.parse(text) as WatchLinkQuery);
}

function refuse(status: ApiStatus): Response {
  return Response.json(status, { status: status.code });
}

function tooMany(): ApiStatus {
  const message = `there are ${MAX_WATCHERS} watches already; close some or try again later`;
  return failure("ServiceUnavailable", message, { retryAfterSeconds: RETRY_AFTER_SEC });
}

/** A list comes in pages and is where a watch can go on. */
function tooMuchFor(start: WatchStart): ApiStatus {
  const much = `more than ${MAX_START_CHARS} characters`;
  return start.type === "replay"
    ? failure("Expired", `too old resource version: ${start.afterVersion} (${much} were written since)`)
    : failure(
        "RequestEntityTooLarge",
        `the watch would start with ${much}; list, and watch from the list's resourceVersion`,
      );
}

function closeQuietly(socket: WebSocket): void {
  try {
    socket.close(1000);
  } catch {
    // It was closed already.
  }
}
