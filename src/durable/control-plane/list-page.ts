/** Lists in pages: reads only as far as a page goes, so that a page costs the same however many objects follow it. */
import type { ListQuery, ObjectList, Outcome } from "../../core/protocol/control-plane.ts";
import { type ApiStatus, failure } from "../../core/resource/api-status.ts";
import { type Continuation, formatContinuation, parseContinuation } from "../../core/resource/continuation.ts";
import { type EventObject, isExpiredEvent } from "../../core/resource/event.ts";
import type { KubeObject } from "../../core/resource/object.ts";
import { parseFieldSelector, parseLabelSelector } from "../../core/resource/selector.ts";
import { selectedName } from "../../core/resource/watch-start.ts";
import type { ObjectStore } from "./object-store.ts";

/** A message between Worker and object holds 32 MiB; the page ends behind the object that passes this. */
const MAX_PAGE_CHARS = 8_000_000;

/** One page, in the order of namespace and name. */
export function listPage(objects: ObjectStore, query: ListQuery): Outcome<ObjectList> {
  const { limit, continueToken } = query;
  const end = continueToken === "" ? null : parseContinuation(continueToken);
  if (end === null && continueToken !== "") {
    return refused(failure("BadRequest", `continue key is not valid: ${JSON.stringify(continueToken)}`));
  }
  const selector = parseSelectors(query);
  if (!selector.ok) return selector;
  const resourceVersion = end?.resourceVersion ?? objects.resourceVersion();
  const items: KubeObject[] = [];
  let chars = 0;
  for (const found of scan(objects, query, end)) {
    if (!selector.value(found.object)) continue;
    const last = items.at(-1)?.metadata;
    if (last !== undefined && ((limit > 0 && items.length >= limit) || chars > MAX_PAGE_CHARS)) {
      const { namespace = "", name } = last;
      const token = formatContinuation({ resourceVersion, namespace, name });
      return { ok: true, value: { items, resourceVersion, continueToken: token } };
    }
    items.push(found.object);
    chars += found.chars;
  }
  return { ok: true, value: { items, resourceVersion, continueToken: "" } };
}

type Found = { readonly object: KubeObject; readonly chars: number };

/** kn and `kubectl wait` list one object by its name: that needs no look at the others. */
function scan(objects: ObjectStore, query: ListQuery, end: Continuation | null): Iterable<Found> {
  const { kind, namespace, fieldSelector } = query;
  const name = end === null ? selectedName(fieldSelector) : null;
  if (name === null || namespace === null) return objects.scan(kind, namespace, end);
  const object = objects.get(kind, namespace, name);
  return object === null ? [] : [{ object, chars: 0 }];
}

function parseSelectors({ kind, labelSelector, fieldSelector }: ListQuery): Outcome<(object: KubeObject) => boolean> {
  const labels = parseLabelSelector(labelSelector);
  if (!labels.ok) return refused(failure("BadRequest", labels.message));
  const fields = parseFieldSelector(fieldSelector, kind);
  if (!fields.ok) return refused(failure("BadRequest", fields.message));
  const nowMs = Date.now();
  const isOver = (object: KubeObject) => kind === "Event" && isExpiredEvent(object as EventObject, nowMs);
  return {
    ok: true,
    value: (object: KubeObject) => labels.matches(object) && fields.matches(object) && !isOver(object),
  };
}

function refused(status: ApiStatus): Outcome<never> {
  return { ok: false, status };
}
