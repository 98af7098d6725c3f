/**
 * Which objects refer to which by name, and who must be reconciled when an object changes.
 *
 *     Service ──owns──▶ Configuration ──owns──▶ Revision
 *        └─────owns──▶ Route ──traffic──▶ Configuration, Revision
 *                        └─────owns──▶ CoreService (placeholders)
 *                      Configuration, Revision ──annotation routes──▶ Route   (their routing state follows it)
 *                      Configuration ──name, its own or taken──▶ Revision
 *                      Revision ──env, envFrom──▶ ConfigMap, Secret
 *                      DomainMapping ──ref──▶ Service, Route, CoreService
 */

import type { Section } from "../config/config-maps.ts";
import { ANNOTATION_ROUTES, LABEL_CONFIGURATION } from "../resource/annotations.ts";
import type { DomainMapping } from "../resource/domain-mapping.ts";
import { type KindName, type KubeObject, keyOf, type ObjectKey, type OwnerReference } from "../resource/object.ts";
import { STORED_TYPES } from "../resource/resource-type.ts";
import type { Configuration, Revision, Route } from "../resource/serving.ts";
import { CLUSTER_LOCAL_DOMAIN } from "../routing/hosts.ts";
import { referredKind } from "./domain-mapping.ts";
import { envReferences } from "./env-sources.ts";
import { nameOfRevision } from "./named-revision.ts";
import type { Observed } from "./observed.ts";

/** The keys that an object names; stored as an index, so that `Observed.referrers` can answer. */
export function referencesOf(object: KubeObject): ObjectKey[] {
  const namespace = object.metadata.namespace ?? "";
  if (object.kind === "Route") {
    const { spec, status } = object as Route;
    const targets = [...(spec.traffic ?? []), ...(status?.traffic ?? [])];
    return distinct(
      targets.flatMap(({ configurationName, revisionName }): ObjectKey[] => [
        ...(configurationName ? [{ kind: "Configuration" as const, namespace, name: configurationName }] : []),
        ...(revisionName ? [{ kind: "Revision" as const, namespace, name: revisionName }] : []),
      ]),
    );
  }
  if (object.kind === "Configuration" || object.kind === "Revision") {
    const routes = routesAnnotation(object).map((name) => ({ kind: "Route" as const, namespace, name }));
    if (object.kind === "Revision") return distinct([...routes, ...sourcesOf(object as Revision)]);
    return [...routes, { kind: "Revision", namespace, name: nameOfRevision(object as Configuration) }];
  }
  if (object.kind === "DomainMapping") return referencesOfMapping(object as DomainMapping);
  return [];
}

/** What it refers to, the placeholder under which that is served, and the name that other mappings may want too. */
function referencesOfMapping({ metadata, spec }: DomainMapping): ObjectKey[] {
  const kind = referredKind(spec.ref);
  const target = { namespace: metadata.namespace ?? "", name: spec.ref.name ?? "" };
  return distinct([
    ...(kind === null ? [] : [{ kind, ...target }]),
    { kind: "CoreService", ...target },
    domainKey(metadata.name),
  ]);
}

/** Stands for a domain, of which there may be a mapping in each namespace. */
function domainKey(domain: string): ObjectKey {
  return { kind: "DomainMapping", namespace: "", name: domain };
}

/** The mappings to reconcile when the entry of a host changes: those of what answers on that cluster-local host. */
export function followersOf(host: string, observed: Observed): ObjectKey[] {
  if (!host.endsWith(`.${CLUSTER_LOCAL_DOMAIN}`)) return [];
  const [name = "", namespace = ""] = host.split(".");
  return observed.referrers({ kind: "CoreService", namespace, name }).filter(({ kind }) => kind === "DomainMapping");
}

/** ConfigMaps and Secrets of the environment: a change of one changes the revision's order. */
function sourcesOf({ spec, metadata }: Revision): ObjectKey[] {
  return spec.containers.flatMap((container) => envReferences(container, metadata.namespace ?? ""));
}

/** Names in the annotation `serving.knative.dev/routes`. */
export function routesAnnotation(object: KubeObject): string[] {
  return (object.metadata.annotations?.[ANNOTATION_ROUTES] ?? "").split(",").filter((name) => name !== "");
}

/** The keys to reconcile when an object was made, changed or removed, itself not included. */
export function dependentsOf(object: KubeObject, observed: Observed): ObjectKey[] {
  const namespace = object.metadata.namespace ?? "";
  const owners = (object.metadata.ownerReferences ?? []).flatMap((owner) => ownerKey(owner, namespace));
  if (object.kind === "DomainMapping") return [...owners, ...observed.referrers(domainKey(object.metadata.name))];
  const keys: ObjectKey[] = [...owners, ...referencesOf(object), ...observed.referrers(keyOf(object))];
  // A Service may wait for the name of a child that is somebody else's.
  if (object.kind === "Configuration" || object.kind === "Route") {
    keys.push({ kind: "Service", namespace, name: object.metadata.name });
  }
  if (object.kind === "Configuration") keys.push(...latestCreated(object as Configuration));
  if (object.kind === "Revision") {
    const configuration = object.metadata.labels?.[LABEL_CONFIGURATION];
    if (configuration) keys.push({ kind: "Configuration", namespace, name: configuration });
  }
  if (object.kind === "Route") {
    for (const key of referencesOf(object)) {
      const configuration = key.kind === "Configuration" ? observed.get("Configuration", namespace, key.name) : null;
      if (configuration !== null) keys.push(...latestCreated(configuration));
    }
  }
  return distinct(keys);
}

/** The kinds that are reconciled anew when a section of the config changes; what only admission reads has none. */
export const CONFIG_DEPENDENTS: Readonly<Record<Section, readonly KindName[]>> = {
  autoscaler: ["Revision"],
  defaults: [],
  domain: ["Route", "DomainMapping"],
  features: [],
  gc: ["Configuration"],
  network: ["Route", "DomainMapping"],
};

/** The kinds that are reconciled anew when the API gets another host, which no object can have. */
export const CONTROL_HOST_DEPENDENTS: readonly KindName[] = ["Route", "DomainMapping"];

/** An owner keeps its children as it wants them, and may wait for them to go. */
function ownerKey({ apiVersion, kind, name }: OwnerReference, namespace: string): ObjectKey[] {
  const type = STORED_TYPES.find((known) => known.wireKind === kind && known.apiVersion === apiVersion);
  return type === undefined ? [] : [{ kind: type.kind, namespace: type.isNamespaced ? namespace : "", name }];
}

/** The routing state of a configuration's newest revision depends on who targets the configuration. */
function latestCreated(configuration: Configuration): ObjectKey[] {
  const name = configuration.status?.latestCreatedRevisionName ?? "";
  const namespace = configuration.metadata.namespace ?? "";
  return name === "" ? [] : [{ kind: "Revision", namespace, name }];
}

function distinct(keys: readonly ObjectKey[]): ObjectKey[] {
  return [...new Map(keys.map((key) => [`${key.kind}/${key.namespace}/${key.name}`, key])).values()];
}
