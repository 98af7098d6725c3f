/**
 * Kubernetes-style paths:
 *
 *     /api/v1/namespaces/{ns}/configmaps[/{name}]            core group
 *     /apis/serving.knative.dev/v1/namespaces/{ns}/services[/{name}]
 *     /apis/serving.knative.dev/v1/services                  all namespaces
 *     /api/v1/namespaces[/{name}]                            a kind without namespaces
 */
import { findResourceType, type ResourceType } from "../../core/resource/resource-type.ts";

/** What a path addresses. */
export type Address = {
  readonly type: ResourceType;
  /** null = all of them; "" for a kind without namespaces. */
  readonly namespace: string | null;
  /** null = the collection. */
  readonly name: string | null;
};

/** @returns null for a path that names nothing that is served */
export function parseAddress(path: string): Address | null {
  const segments = path.slice(1).split("/").map(decodeSegment);
  // `namespaces//configmaps` would be a namespace without a name, which kinds without namespaces stand for.
  if (segments.includes("")) return null;
  const [root, ...rest] = segments;
  const [group = "", version = "", ...resource] = root === "api" ? ["", ...rest] : rest;
  const isNamespaced = resource[0] === "namespaces" && resource.length > 2;
  const [plural = "", name = null, ...beyond] = isNamespaced ? resource.slice(2) : resource;
  const type = findResourceType(group, version, plural);
  if (type === undefined || beyond.length > 0) return null;
  if (isNamespaced) return type.isNamespaced ? { type, namespace: resource[1] ?? "", name } : null;
  if (!type.isNamespaced) return { type, namespace: "", name };
  return name === null ? { type, namespace: null, name } : null;
}

/** A segment that is not valid percent-encoding names nothing: it is looked up as it is and not found. */
function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
