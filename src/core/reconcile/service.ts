/**
 * Service → one Configuration and one Route of the same name. Its conditions copy theirs; RoutesReady is held back until
 * the Route's traffic is on the latest ready revision.
 * Source: serving/pkg/reconciler/service, service_lifecycle.go
 */
import {
  ANNOTATION_LAST_APPLIED,
  ANNOTATION_ROUTES,
  LABEL_CONFIGURATION,
  LABEL_SERVICE,
  LABEL_SERVICE_UID,
  without,
} from "../resource/annotations.ts";
import { type ConditionWish, findCondition, nextConditions } from "../resource/conditions.ts";
import { ROLLOUT_DURATION_KEYS } from "../resource/duration-annotation.ts";
import { jsonEqual } from "../resource/json.ts";
import { controllerReference, type Draft } from "../resource/object.ts";
import { SERVING_API_VERSION } from "../resource/resource-type.ts";
import type { Configuration, Route, Service, ServiceStatus, TrafficTarget } from "../resource/serving.ts";
import { ensureChild, writeStatus } from "./child.ts";
import { findNamedRevision } from "./named-revision.ts";
import type { Observed, Settings, Write } from "./observed.ts";
import { mergeTargets } from "./traffic.ts";

export function reconcileService(service: Service, observed: Observed, settings: Settings): Write[] {
  const { name, namespace = "" } = service.metadata;
  const configuration = observed.get("Configuration", namespace, name);
  const route = observed.get("Route", namespace, name);
  const ownConfiguration = ensureChild(service, makeConfiguration(service, configuration), configuration);
  const ownRoute = ensureChild(service, makeRoute(service), route);
  const wishes = [
    configurationsReady(name, configuration, ownConfiguration),
    routesReady(service, configuration, route, ownRoute, observed),
  ];
  const isConfigured = configuration !== null && !ownConfiguration.isForeign;
  const isRouted = route !== null && !ownRoute.isForeign;
  const status: ServiceStatus = {
    observedGeneration: service.metadata.generation,
    conditions: nextConditions(service.status?.conditions, wishes, settings.nowMs),
    ...(isConfigured ? latestNames(configuration) : {}),
    ...(isRouted ? address(route) : {}),
  };
  return [...ownConfiguration.writes, ...ownRoute.writes, ...writeStatus(service, status)];
}

function makeConfiguration(service: Service, existing: Configuration | null): Draft {
  // The Configuration reconciler keeps this one itself.
  const routes = existing?.metadata.annotations?.[ANNOTATION_ROUTES] ?? service.metadata.name;
  return {
    ...makeChild(service, "Configuration"),
    metadata: {
      ...makeChild(service, "Configuration").metadata,
      labels: {
        ...service.metadata.labels,
        [LABEL_SERVICE]: service.metadata.name,
        [LABEL_SERVICE_UID]: service.metadata.uid,
      },
      annotations: {
        ...without(service.metadata.annotations, ANNOTATION_LAST_APPLIED, ...ROLLOUT_DURATION_KEYS),
        ...(routes === "" ? {} : { [ANNOTATION_ROUTES]: routes }),
      },
    },
    spec: { template: service.spec.template },
  };
}

function makeRoute(service: Service): Draft {
  return { ...makeChild(service, "Route"), spec: { traffic: routeTraffic(service) } };
}

function makeChild(service: Service, kind: "Configuration" | "Route"): Draft {
  const { name, namespace = "", labels, annotations } = service.metadata;
  return {
    apiVersion: SERVING_API_VERSION,
    kind,
    metadata: {
      name,
      namespace,
      labels: { ...labels, [LABEL_SERVICE]: name },
      annotations: without(annotations, ANNOTATION_LAST_APPLIED),
      ownerReferences: [controllerReference(service)],
    },
  };
}

/** A target of a Service that names no revision means the Service's own configuration. */
function routeTraffic(service: Service): TrafficTarget[] {
  return (service.spec.traffic ?? []).map((target) =>
    target.revisionName ? target : { ...target, configurationName: service.metadata.name },
  );
}

type Child = { readonly isForeign: boolean; readonly writes: readonly Write[] };

function configurationsReady(name: string, configuration: Configuration | null, child: Child): ConditionWish {
  const type = "ConfigurationsReady";
  if (child.isForeign) return notOwned(type, "Configuration", name);
  if (configuration === null || child.writes.length > 0 || isBehind(configuration)) {
    return outOfDate(type, "Configuration");
  }
  return copyReady(type, configuration);
}

function routesReady(
  service: Service,
  configuration: Configuration | null,
  route: Route | null,
  child: Child,
  observed: Observed,
): ConditionWish {
  const type = "RoutesReady";
  if (child.isForeign) return notOwned(type, "Route", service.metadata.name);
  const takenName = findTakenName(service, configuration, observed);
  if (takenName !== null) {
    const message = `The revision name ${JSON.stringify(takenName)} is taken by a conflicting Revision, so traffic will not be migrated`;
    return { type, status: "False", reason: "RevisionNameTaken", message };
  }
  if (route === null || child.writes.length > 0 || isBehind(route)) return outOfDate(type, "Route");
  const copied = copyReady(type, route);
  if (copied.status !== "True" || isMigrated(route, configuration)) return copied;
  const message = "Traffic is not yet migrated to the latest revision.";
  return { type, status: "Unknown", reason: "TrafficNotMigrated", message };
}

/** The template's own revision name, when another configuration's or an older revision has it. */
function findTakenName(service: Service, configuration: Configuration | null, observed: Observed): string | null {
  const name = service.spec.template.metadata?.name ?? "";
  if (name === "") return null;
  if (configuration === null) {
    const revision = observed.get("Revision", service.metadata.namespace ?? "", name);
    return revision !== null && revision.metadata.labels?.[LABEL_CONFIGURATION] !== service.metadata.name ? name : null;
  }
  return findNamedRevision(configuration, observed) === "taken" ? name : null;
}

/** Whether the Route's status says what its spec wants, with the configuration's latest ready revision filled in. */
function isMigrated(route: Route, configuration: Configuration | null): boolean {
  const latestReady = configuration?.status?.latestReadyRevisionName ?? "";
  const wanted = mergeTargets(
    (route.spec.traffic ?? []).map((target) => ({
      revisionName: target.configurationName ? latestReady : (target.revisionName ?? ""),
      latestRevision: target.latestRevision ?? false,
      percent: target.percent ?? 0,
      tag: target.tag ?? "",
    })),
  );
  const actual = (route.status?.traffic ?? []).map((target) => ({
    revisionName: target.revisionName ?? "",
    latestRevision: target.latestRevision ?? false,
    percent: target.percent ?? 0,
    tag: target.tag ?? "",
  }));
  return jsonEqual(wanted, actual);
}

function isBehind(child: Configuration | Route): boolean {
  return child.status?.observedGeneration !== child.metadata.generation;
}

function copyReady(type: string, child: Configuration | Route): ConditionWish {
  const ready = findCondition(child.status, "Ready");
  if (ready === undefined) return { type, status: "Unknown" };
  return { type, status: ready.status, reason: ready.reason ?? "", message: ready.message ?? "" };
}

function outOfDate(type: string, kind: "Configuration" | "Route"): ConditionWish {
  const message = `The ${kind} is still working to reflect the latest desired specification.`;
  return { type, status: "Unknown", reason: "OutOfDate", message };
}

function notOwned(type: string, kind: string, name: string): ConditionWish {
  const message = `There is an existing ${kind} ${JSON.stringify(name)} that we do not own.`;
  return { type, status: "False", reason: "NotOwned", message };
}

function latestNames({ status }: Configuration): Partial<ServiceStatus> {
  return {
    ...(status?.latestCreatedRevisionName ? { latestCreatedRevisionName: status.latestCreatedRevisionName } : {}),
    ...(status?.latestReadyRevisionName ? { latestReadyRevisionName: status.latestReadyRevisionName } : {}),
  };
}

function address({ status }: Route): Partial<ServiceStatus> {
  return {
    ...(status?.url ? { url: status.url } : {}),
    ...(status?.address ? { address: status.address } : {}),
    ...(status?.traffic ? { traffic: status.traffic } : {}),
  };
}
