/**
 * What kn service apply sends: a merge patch of three sides, the last that was applied, what is wished and what is there.
 * Source: client/pkg/serving/v1/apply.go, apimachinery/pkg/util/jsonmergepatch
 */
import { asGoEncodes, type KnativeObject, type Metadata } from "./objects.ts";

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** @returns null when there is nothing to send */
export function applyPatch(wanted: KnativeObject, current: KnativeObject): object | null {
  const original = JSON.parse(current.metadata.annotations?.[LAST_APPLIED] ?? "{}") as KnativeObject;
  const patch = threeWayPatch(original, cleaned(wanted), cleaned(current));
  return Object.keys(patch).length === 0 ? null : patch;
}

/** With itself, as it is to be remembered, in its annotations. */
export function applied(service: KnativeObject): KnativeObject {
  const annotations = { ...service.metadata.annotations, [LAST_APPLIED]: JSON.stringify(cleaned(service)) };
  return { ...service, metadata: { ...service.metadata, annotations } };
}

/** As Go encodes it, without what only the server writes. */
function cleaned(service: KnativeObject): KnativeObject {
  const { status: _status, metadata, spec, ...rest } = asGoEncodes(service);
  const { template } = spec ?? {};
  const named =
    template === undefined ? {} : { template: { ...template, metadata: dateless(template.metadata ?? {}) } };
  return { ...rest, metadata: dateless(metadata), spec: { ...spec, ...named } };
}

function dateless({ creationTimestamp: _created, ...metadata }: Metadata): Metadata {
  return metadata;
}

type Json = Readonly<Record<string, unknown>>;

/** What differs from the present state is set; what the last applied one had and this one has not is taken away. */
function threeWayPatch(original: object, modified: object, current: object): Json {
  const patch: Record<string, unknown> = {};
  const [before, wanted, present] = [original, modified, current] as [Json, Json, Json];
  for (const key of Object.keys(before)) if (!Object.hasOwn(wanted, key)) patch[key] = null;
  for (const [key, value] of Object.entries(wanted)) {
    if (isObject(value) && isObject(present[key])) {
      const inner = threeWayPatch(isObject(before[key]) ? before[key] : {}, value, present[key]);
      if (Object.keys(inner).length > 0) patch[key] = inner;
    } else if (JSON.stringify(value) !== JSON.stringify(present[key])) patch[key] = value;
  }
  return patch;
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
