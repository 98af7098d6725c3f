/** How each kind is addressed: group, version, plural, scope and verbs, the facts that API discovery prints too. */
import type { KindName } from "./object.ts";

export type Verb = "create" | "get" | "list" | "update" | "patch" | "delete";

export type ResourceType = {
  readonly kind: KindName;
  /** "" is the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly isNamespaced: boolean;
  readonly verbs: readonly Verb[];
  /** `plural.group`, as error messages name it. */
  readonly resource: string;
  /** `group/version`, or `v1` for the core group. */
  readonly apiVersion: string;
};

export const SERVING_GROUP = "serving.knative.dev";
export const SERVING_API_VERSION = `${SERVING_GROUP}/v1`;

const ALL: readonly Verb[] = ["create", "get", "list", "update", "patch", "delete"];

export const RESOURCE_TYPES: Readonly<Record<KindName, ResourceType>> = {
  Service: serving("Service", "services", ["kservice", "ksvc"], ALL),
  Configuration: serving("Configuration", "configurations", ["config", "cfg"], ALL),
  // A Revision is made by its Configuration; a client may only label, annotate and delete it.
  Revision: serving("Revision", "revisions", ["rev"], ["get", "list", "update", "patch", "delete"]),
  Route: serving("Route", "routes", ["rt"], ALL),
  ConfigMap: core("ConfigMap", "configmaps", ["cm"], true, ALL),
  Namespace: core("Namespace", "namespaces", ["ns"], false, ["create", "get", "list"]),
};

/**
 * The type behind a path segment.
 * @returns undefined when the group and version have no such plural
 */
export function findResourceType(group: string, version: string, plural: string): ResourceType | undefined {
  return Object.values(RESOURCE_TYPES).find(
    (type) => type.group === group && type.version === version && type.plural === plural,
  );
}

function serving(kind: KindName, plural: string, shortNames: string[], verbs: readonly Verb[]): ResourceType {
  return {
    kind,
    group: SERVING_GROUP,
    version: "v1",
    plural,
    shortNames,
    isNamespaced: true,
    verbs,
    resource: `${plural}.${SERVING_GROUP}`,
    apiVersion: SERVING_API_VERSION,
  };
}

function core(
  kind: KindName,
  plural: string,
  shortNames: string[],
  isNamespaced: boolean,
  verbs: readonly Verb[],
): ResourceType {
  return {
    kind,
    group: "",
    version: "v1",
    plural,
    shortNames,
    isNamespaced,
    verbs,
    resource: plural,
    apiVersion: "v1",
  };
}
