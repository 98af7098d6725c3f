/**
 * Makes an object be as its manifest says: created when it is not there, else changed by a merge patch. What a manifest does
 * not mention stays: what the server filled in, what others set. Fields that an earlier manifest had and this one has not are
 * taken away; the earlier one is kept in kubectl's annotation, so that both tools work on one object.
 */
import { ANNOTATION_LAST_APPLIED, without } from "../../core/resource/annotations.ts";
import { isJsonObject, jsonEqual } from "../../core/resource/json.ts";
import { type ApiClient, refusal } from "./api-client.ts";
import { collectionPath, isNamespaced, objectPath } from "./kinds.ts";
import type { Manifest } from "./manifest.ts";

export type Applied = "created" | "configured" | "unchanged";

/** Somebody may create or delete the object between our read and our write. */
const MAX_ATTEMPTS = 3;
const CONFLICT = 409;
const NOT_FOUND = 404;
/** A misspelled field is refused, not dropped. */
const STRICT = "?fieldValidation=Strict";

/** @param onWarning told what the server accepts and does not do */
export async function applyManifest(
  client: ApiClient,
  manifest: Manifest,
  onWarning: (warning: string) => void = () => {},
): Promise<Applied> {
  const what = `apply ${manifest.kind.toLowerCase()} ${manifest.metadata.name}`;
  for (let attempt = 1; ; attempt += 1) {
    const current = await client.request("GET", objectPath(manifest));
    const isNew = current.status === NOT_FOUND;
    if (!isNew && current.status >= 300) throw refusal(what, current);
    const written = isNew
      ? await client.request("POST", collectionPath(manifest) + STRICT, remembered(manifest))
      : await client.request("PATCH", objectPath(manifest) + STRICT, patchFor(current.body, manifest));
    if (written.status < 300) {
      for (const warning of written.warnings) onWarning(warning);
      return isNew ? "created" : changed(current.body, written.body);
    }
    const isRace = written.status === (isNew ? CONFLICT : NOT_FOUND);
    if (!isRace || attempt === MAX_ATTEMPTS) throw refusal(what, written);
  }
}

/** The merge patch (RFC 7396) that brings a stored object to its manifest. */
export function patchFor(stored: unknown, manifest: Manifest): unknown {
  const wanted = remembered(manifest);
  const earlier = lastApplied(stored);
  return earlier === null ? wanted : withRemovals(earlier, wanted);
}

/** Whether exactly this manifest was the last that was applied; what was done to the object since does not matter. */
export function wasApplied(stored: unknown, manifest: Manifest): boolean {
  return jsonEqual(lastApplied(stored), itself(manifest));
}

/** The manifest with itself in its annotations, for the next time. */
function remembered(manifest: Manifest): unknown {
  const wanted = itself(manifest);
  const annotations = { ...wanted.metadata.annotations, [ANNOTATION_LAST_APPLIED]: `${JSON.stringify(wanted)}\n` };
  return { ...wanted, metadata: { ...wanted.metadata, annotations } };
}

/** As the API shall have it: without an earlier memory, and in a namespace only where its kind is. */
function itself(manifest: Manifest) {
  const { namespace, ...metadata } = manifest.metadata;
  const scope = isNamespaced(manifest) ? { namespace } : {};
  const annotations = without(metadata.annotations, ANNOTATION_LAST_APPLIED);
  return { ...manifest, metadata: { ...metadata, ...scope, annotations } };
}

function lastApplied(stored: unknown): unknown {
  const { metadata } = stored as { metadata?: { annotations?: Readonly<Record<string, string>> } };
  try {
    return JSON.parse(metadata?.annotations?.[ANNOTATION_LAST_APPLIED] ?? "null");
  } catch {
    // Not ours to repair: without it nothing is taken away.
    return null;
  }
}

/** `after`, with null (remove) for each member that only `before` has. */
function withRemovals(before: unknown, after: unknown): unknown {
  if (!isJsonObject(before) || !isJsonObject(after)) return after;
  const removed = Object.keys(before).filter((name) => !Object.hasOwn(after, name));
  return {
    ...Object.fromEntries(removed.map((name) => [name, null])),
    ...Object.fromEntries(Object.entries(after).map(([name, value]) => [name, withRemovals(before[name], value)])),
  };
}

/** What happened to the object in between, such as its status, is not ours. */
function changed(before: unknown, after: unknown): Applied {
  return jsonEqual(wish(before), wish(after)) ? "unchanged" : "configured";
}

function wish(object: unknown): unknown {
  const { status: _status, metadata, ...rest } = object as Manifest & { status?: unknown };
  return { ...rest, labels: metadata.labels, annotations: metadata.annotations };
}
