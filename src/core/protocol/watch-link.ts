/**
 * The link of a watch: a WebSocket from the Worker, which owns the client's stream, to the ControlPlane object, which can
 * hibernate behind it.
 *
 *     Worker ── GET watchLinkPath(query), Upgrade ──▶ object     101, or a Status that refuses
 *     Worker ◀── frames of events ────────────────── object
 *
 * When the link drops, the Worker opens another one from the version of the last frame; its client notices nothing.
 */
import type { KindName, KubeObject } from "../resource/object.ts";
import type { ChangeType } from "../resource/watch-event.ts";
import type { WatchRequest } from "../resource/watch-start.ts";

export type WatchScope = {
  readonly kind: KindName;
  /** null = all namespaces. */
  readonly namespace: string | null;
  readonly labelSelector: string;
  readonly fieldSelector: string;
};

export type WatchLinkQuery = WatchScope & WatchRequest;

export type WatchFrame = {
  /** Everything up to here was sent; null while the first events are not complete. */
  readonly version: number | null;
  readonly events: readonly { readonly type: ChangeType; readonly object: KubeObject }[];
};

export function watchLinkPath(query: WatchLinkQuery): string {
  return `/watch?query=${encodeURIComponent(JSON.stringify(query))}`;
}
