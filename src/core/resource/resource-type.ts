/** How each kind is addressed: group, version, plural, scope and verbs, the facts that API discovery prints too. */
import type { KindName } from "./object.ts";

/** `watch` is served wherever `list` is. */
export type Verb = "create" | "get" | "list" | "update" | "patch" | "delete";

/** Kinds that are not stored but computed from what the system knows at the moment of asking; they are read-only. */
export type ViewName = "Pod" | "Node" | "PodAutoscaler" | "ServerlessService" | "CustomResourceDefinition";

export type ResourceType<Kind extends KindName | ViewName = KindName | ViewName> = {
  /** The store's name of the kind, or the view's. */
  readonly kind: Kind;
  /** The name of the kind on the wire. */
  readonly wireKind: string;
  /** "" is the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  /** Groups of kinds that kubectl can ask for in one word: `kubectl get all`. */
  readonly categories: readonly string[];
  readonly isNamespaced: boolean;
  readonly verbs: readonly Verb[];
  /** `plural.group`, as error messages name it. */
  readonly resource: string;
  /** `group/version`, or `v1` for the core group. */
  readonly apiVersion: string;
};

export type StoredType = ResourceType<KindName>;
export type ViewType = ResourceType<ViewName>;

export const SERVING_GROUP = "serving.knative.dev";
export const SERVING_API_VERSION = `${SERVING_GROUP}/v1`;

const ALL: readonly Verb[] = ["create", "get", "list", "update", "patch", "delete"];
const READ: readonly Verb[] = ["get", "list"];

/** The type of each stored kind, in the version in which it is stored. */
export const RESOURCE_TYPES: Readonly<Record<KindName, StoredType>> = {
  Service: serving("Service", "v1", "services", ["kservice", "ksvc"], ALL),
  Configuration: serving("Configuration", "v1", "configurations", ["config", "cfg"], ALL),
  Revision: serving("Revision", "v1", "revisions", ["rev"], ALL),
  Route: serving("Route", "v1", "routes", ["rt"], ALL),
  DomainMapping: serving("DomainMapping", "v1beta1", "domainmappings", ["dm"], ALL),
  // Placeholders that Routes make, so that a cluster-local name has an object to look at; clients may relabel them.
  CoreService: {
    ...core("CoreService", "Service", "services", ["svc"], true, ["get", "list", "update", "patch", "delete"]),
    categories: ["all"],
  },
  ConfigMap: core("ConfigMap", "ConfigMap", "configmaps", ["cm"], true, ALL),
  Secret: core("Secret", "Secret", "secrets", [], true, ALL),
  Namespace: core("Namespace", "Namespace", "namespaces", ["ns"], false, ALL),
  Event: core("Event", "Event", "events", ["ev"], true, [...READ, "delete"]),
};

/** Every stored type in every version that is served: kn knows only v1alpha1 of DomainMapping, newer clients v1beta1. */
export const STORED_TYPES: readonly StoredType[] = [
  ...Object.values(RESOURCE_TYPES),
  serving("DomainMapping", "v1alpha1", "domainmappings", ["dm"], ALL),
];

export const VIEW_TYPES: readonly ViewType[] = [
  { ...core("Pod", "Pod", "pods", ["po"], true, READ), categories: ["all"] },
  core("Node", "Node", "nodes", ["no"], false, READ),
  view("PodAutoscaler", "autoscaling.internal.knative.dev", "v1alpha1", "podautoscalers", ["kpa", "pa"], true),
  view("ServerlessService", "networking.internal.knative.dev", "v1alpha1", "serverlessservices", ["sks"], true),
  // Asked for by `kn source list-types`: there are none.
  view("CustomResourceDefinition", "apiextensions.k8s.io", "v1", "customresourcedefinitions", ["crd", "crds"], false),
];

export function isView(type: ResourceType): type is ViewType {
  return VIEW_TYPES.includes(type as ViewType);
}

export const SERVED_TYPES: readonly ResourceType[] = [...STORED_TYPES, ...VIEW_TYPES];

/**
 * The type behind a path segment.
 * @returns undefined when the group and version have no such plural
 */
export function findResourceType(group: string, version: string, plural: string): ResourceType | undefined {
  return SERVED_TYPES.find((type) => type.group === group && type.version === version && type.plural === plural);
}

/** The stored type in the version that a client speaks; the storage version when there is no such version. */
export function storedType(kind: KindName, apiVersion: string): StoredType {
  return STORED_TYPES.find((type) => type.kind === kind && type.apiVersion === apiVersion) ?? RESOURCE_TYPES[kind];
}

function serving(
  kind: KindName,
  version: string,
  plural: string,
  shortNames: string[],
  verbs: readonly Verb[],
): StoredType {
  return {
    kind,
    wireKind: kind,
    group: SERVING_GROUP,
    version,
    plural,
    shortNames,
    categories: ["all", "knative", "serving"],
    isNamespaced: true,
    verbs,
    resource: `${plural}.${SERVING_GROUP}`,
    apiVersion: `${SERVING_GROUP}/${version}`,
  };
}

function core<Kind extends KindName | ViewName>(
  kind: Kind,
  wireKind: string,
  plural: string,
  shortNames: string[],
  isNamespaced: boolean,
  verbs: readonly Verb[],
): ResourceType<Kind> {
  return {
    kind,
    wireKind,
    group: "",
    version: "v1",
    plural,
    shortNames,
    categories: [],
    isNamespaced,
    verbs,
    resource: plural,
    apiVersion: "v1",
  };
}

function view(
  kind: ViewName,
  group: string,
  version: string,
  plural: string,
  shortNames: string[],
  isNamespaced: boolean,
): ViewType {
  return {
    kind,
    wireKind: kind,
    group,
    version,
    plural,
    shortNames,
    categories: group.endsWith(".internal.knative.dev") ? ["knative-internal"] : [],
    isNamespaced,
    verbs: READ,
    resource: `${plural}.${group}`,
    apiVersion: `${group}/${version}`,
  };
}
