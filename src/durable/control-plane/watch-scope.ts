/** Which objects a watcher sees, decided by the columns of a row where they are enough: those need no parsing. */
import type { WatchScope } from "../../core/protocol/watch-link.ts";
import { type ApiStatus, failure } from "../../core/resource/api-status.ts";
import type { KindName } from "../../core/resource/object.ts";
import { parseFieldSelector, parseLabelSelector, type Selector } from "../../core/resource/selector.ts";
import { selectedName } from "../../core/resource/watch-start.ts";

export type ScopeFilter = {
  readonly kind: KindName;
  /** null = all of them. */
  readonly namespace: string | null;
  readonly name: string | null;
  /** What the columns cannot decide; null = nothing. */
  readonly matches: Selector | null;
};

/** A WebSocket's attachment holds 16 KiB. */
const MAX_SELECTOR_CHARS = 4_000;

export function parseScope(
  scope: WatchScope,
): { readonly ok: true; readonly filter: ScopeFilter } | { readonly ok: false; readonly status: ApiStatus } {
  const { kind, namespace, labelSelector, fieldSelector } = scope;
  if (Math.max(labelSelector.length, fieldSelector.length) > MAX_SELECTOR_CHARS) {
    return refused(`a selector of a watch may have ${MAX_SELECTOR_CHARS} characters`);
  }
  const labels = parseLabelSelector(labelSelector);
  if (!labels.ok) return refused(labels.message);
  const fields = parseFieldSelector(fieldSelector, kind);
  if (!fields.ok) return refused(fields.message);
  const name = fieldSelector.includes(",") ? null : selectedName(fieldSelector);
  const needed = [
    ...(labelSelector === "" ? [] : [labels.matches]),
    ...(fieldSelector === "" || name !== null ? [] : [fields.matches]),
  ];
  const matches =
    needed.length === 0 ? null : (object: Parameters<Selector>[0]) => needed.every((rule) => rule(object));
  return { ok: true, filter: { kind, namespace, name, matches } };
}

/** Whether an object of this address can be seen; `matches` has the last word. */
export function covers(
  filter: ScopeFilter,
  { kind, namespace, name }: { readonly kind: string; readonly namespace: string; readonly name: string },
): boolean {
  return (
    filter.kind === kind &&
    (filter.namespace === null || filter.namespace === namespace) &&
    (filter.name === null || filter.name === name)
  );
}

function refused(message: string): { readonly ok: false; readonly status: ApiStatus } {
  return { ok: false, status: failure("BadRequest", message) };
}
