/** Where the API keeps each kind of object. */
import { RESOURCE_TYPES, STORED_TYPES, type StoredType } from "../../core/resource/resource-type.ts";
import { CliError, usage } from "../cli-error.ts";
import type { Manifest } from "./manifest.ts";

/** What a manifest may be of: kinds that a client makes and changes. A Revision's spec never changes. */
const APPLICABLE: readonly StoredType[] = STORED_TYPES.filter(
  ({ kind, verbs, isNamespaced }) =>
    isNamespaced && kind !== "Revision" && verbs.includes("create") && verbs.includes("patch"),
);

/** e.g. `/apis/serving.knative.dev/v1/namespaces/default/services` */
export function collectionPath(apiVersion: string, kind: string, namespace: string): string {
  const type = APPLICABLE.find((known) => known.apiVersion === apiVersion && known.wireKind === kind);
  if (type === undefined) {
    const known = APPLICABLE.map((each) => `${each.wireKind} (${each.apiVersion})`).join(", ");
    throw new CliError(`${kind} (${apiVersion}) is no kind that rouse can apply`, `It knows ${known}.`);
  }
  const root = type.group === "" ? "/api" : "/apis";
  return `${root}/${apiVersion}/namespaces/${segment(namespace)}/${type.plural}`;
}

/** Kinds that the command line has a noun for. */
export type NounKind = "Service" | "Revision" | "Route" | "DomainMapping";

/**
 * @param namespace null = all namespaces
 * @param name of an object; without it the path is the collection's
 */
export function nounPath(kind: NounKind | "Configuration", namespace: string | null, name?: string): string {
  const { apiVersion, plural } = RESOURCE_TYPES[kind];
  const scope = namespace === null ? "" : `/namespaces/${segment(namespace)}`;
  return `/apis/${apiVersion}${scope}/${plural}${name === undefined ? "" : `/${segment(name)}`}`;
}

export function objectPath({ apiVersion, kind, metadata }: Manifest): string {
  return `${collectionPath(apiVersion, kind, metadata.namespace)}/${segment(metadata.name)}`;
}

/**
 * A name as one step of a path.
 * @throws CliError for what would make the path one to something else: `service delete "$UNSET"` must not delete them all
 */
function segment(name: string): string {
  if (!["", ".", ".."].includes(name)) return encodeURIComponent(name);
  throw usage(`${JSON.stringify(name)} is no name`);
}
