/** A world in memory: what reconcilers see of the stores, and objects to put into it. */
import { defaultConfig } from "../../../src/core/config/config.ts";
import type { RevisionObservation } from "../../../src/core/protocol/objects.ts";
import type { Observed, RouteHost, Settings } from "../../../src/core/reconcile/observed.ts";
import { referencesOf } from "../../../src/core/reconcile/references.ts";
import { revisionRow } from "../../../src/core/reconcile/revision-row.ts";
import type { ConditionStatus } from "../../../src/core/resource/conditions.ts";
import type { DomainMapping } from "../../../src/core/resource/domain-mapping.ts";
import { type KubeObject, keyOf, type ObjectKey, type ObjectMeta } from "../../../src/core/resource/object.ts";
import type { Configuration, Revision, Route, Service, TrafficTarget } from "../../../src/core/resource/serving.ts";

/** 2026-01-31T12:00:00Z. */
export const NOW_MS = Date.UTC(2026, 0, 31, 12);
export const SETTINGS: Settings = {
  nowMs: NOW_MS,
  settleMs: 6_000,
  config: defaultConfig("example.com"),
  controlHost: "rouse.example.com",
};

export function observedOf(
  objects: readonly KubeObject[],
  more: {
    readonly hosts?: readonly (RouteHost & { readonly routeUid: string })[];
    readonly observations?: readonly RevisionObservation[];
  } = {},
): Observed {
  const id = (key: ObjectKey) => `${key.kind}/${key.namespace}/${key.name}`;
  const byKey = new Map(objects.map((object) => [id(keyOf(object)), object]));
  return {
    get: (kind, namespace, name) => (byKey.get(id({ kind, namespace, name })) ?? null) as never,
    owned: (uid) => objects.filter((object) => object.metadata.ownerReferences?.some((owner) => owner.uid === uid)),
    revisionsSince: (uid, generation) =>
      revisionsOf(uid, objects).flatMap(({ object, row }) => (row.generation < generation ? [] : [object as Revision])),
    reserves: (uid) =>
      revisionsOf(uid, objects).flatMap(({ object, row: { name, createdAtMs, reserveSinceMs } }) =>
        reserveSinceMs === null ? [] : [{ uid: object.metadata.uid, name, createdAtMs, reserveSinceMs }],
      ),
    members: (namespace) => objects.filter(({ metadata }) => metadata.namespace === namespace),
    keys: (kind) => objects.filter((object) => object.kind === kind).map(keyOf),
    referrers: (key) =>
      objects.filter((object) => referencesOf(object).some((reference) => id(reference) === id(key))).map(keyOf),
    observation: (uid) => more.observations?.find((observation) => observation.revisionUid === uid) ?? null,
    hostsOf: (uid) => (more.hosts ?? []).filter((row) => row.routeUid === uid),
    hostOwner: (host) => (more.hosts ?? []).find((row) => row.host === host)?.routeUid ?? null,
    isAwaited: () => false,
    domainOwner: (domain) =>
      objects.find((object) => object.kind === "DomainMapping" && object.metadata.name === domain)?.metadata.uid ??
      null,
  };
}

function revisionsOf(configurationUid: string, objects: readonly KubeObject[]) {
  return objects.flatMap((object) => {
    const row = revisionRow(object);
    return row?.configurationUid === configurationUid ? [{ object, row }] : [];
  });
}

export function service(name: string, spec: Partial<Service["spec"]> = {}): Service {
  return make("Service", name, { template: TEMPLATE, traffic: [{ latestRevision: true, percent: 100 }], ...spec });
}

export function configuration(name: string, status: Configuration["status"], ready: ConditionStatus): Configuration {
  return { ...make("Configuration", name, { template: TEMPLATE }), status: { ...status, ...readyStatus(ready) } };
}

export function route(name: string, traffic: readonly TrafficTarget[], meta: Partial<ObjectMeta> = {}): Route {
  return make("Route", name, { traffic }, meta);
}

export function revision(name: string, ready: ConditionStatus, meta: Partial<ObjectMeta> = {}): Revision {
  return { ...make("Revision", name, TEMPLATE.spec, meta), status: readyStatus(ready) };
}

/** A mapping of a domain to a Service. */
export function domainMapping(domain: string, service: string, meta: Partial<ObjectMeta> = {}): DomainMapping {
  const ref = { apiVersion: "serving.knative.dev/v1", kind: "Service", name: service, namespace: "default" };
  return make("DomainMapping", domain, { ref }, meta);
}

const TEMPLATE = { spec: { containers: [{ image: "dev.local/hello" }], timeoutSeconds: 300 } };

function readyStatus(status: ConditionStatus) {
  return { observedGeneration: 1, conditions: [{ type: "Ready", status }] };
}

function make<T extends KubeObject>(kind: T["kind"], name: string, spec: T["spec"], meta: Partial<ObjectMeta> = {}): T {
  const metadata: ObjectMeta = {
    name,
    namespace: "default",
    uid: `uid-${name}`,
    resourceVersion: "1",
    generation: 1,
    creationTimestamp: "2026-01-31T12:00:00Z",
    ...meta,
  };
  return { apiVersion: "serving.knative.dev/v1", kind, metadata, spec } as unknown as T;
}
