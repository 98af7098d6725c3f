/** Where the API keeps each kind of object. */
import { RESOURCE_TYPES, STORED_TYPES, type StoredType } from "../../core/resource/resource-type.ts";
import { CliError, usage } from "../cli-error.ts";
import type { Manifest } from "./manifest.ts";

/** What a manifest may be of: kinds that a client makes and changes. A Revision's spec never changes. */
const APPLICABLE: readonly StoredType[] = STORED_TYPES.filter(
  ({ kind, verbs }) => kind !== "Revision" && verbs.includes("create") && verbs.includes("patch"),
);

/** e.g. `/apis/serving.knative.dev/v1/namespaces/default/services`; `/api/v1/namespaces` for what is in no namespace */
export function collectionPath({ apiVersion, kind, metadata }: Manifest): string {
  const { group, plural, isNamespaced } = applicableType(apiVersion, kind);
  const scope = isNamespaced ? `/namespaces/${segment(metadata.namespace)}` : "";
  return `${group === "" ? "/api" : "/apis"}/${apiVersion}${scope}/${plural}`;
}

/** A Namespace, for one, is in none, whatever the command line says. */
export function isNamespaced({ apiVersion, kind }: Manifest): boolean {
  return applicableType(apiVersion, kind).isNamespaced;
}

function applicableType(apiVersion: string, kind: string): StoredType {
  const type = APPLICABLE.find((known) => known.apiVersion === apiVersion && known.wireKind === kind);
  if (type === undefined) {
    const known = APPLICABLE.map((each) => `${each.wireKind} (${each.apiVersion})`).join(", ");
    throw new CliError(`${kind} (${apiVersion}) is no kind that rouse can apply`, `It knows ${known}.`);
  }
  return type;
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

export function objectPath(manifest: Manifest): string {
  return `${collectionPath(manifest)}/${segment(manifest.metadata.name)}`;
}

/**
 * A name as one step of a path.
 * @throws CliError for what would make the path one to something else: `service delete "$UNSET"` must not delete them all
 */
function segment(name: string): string {
  if (!["", ".", ".."].includes(name)) return encodeURIComponent(name);
  throw usage(`${JSON.stringify(name)} is no name`);
}
