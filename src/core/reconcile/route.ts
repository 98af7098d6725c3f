/**
 * Route → an entry per host, and the truth about who serves it.
 *
 *     traffic resolved ─▶ entries written, delivered, settled (ingress.ts) ─▶ IngressReady True
 *
 * Source: serving/pkg/reconciler/route, route_lifecycle.go
 */
import { LABEL_VISIBILITY } from "../resource/annotations.ts";
import { type ConditionWish, nextConditions } from "../resource/conditions.ts";
import { keyOf } from "../resource/object.ts";
import type { Route, RouteStatus, TrafficTarget } from "../resource/serving.ts";
import { compileRoute } from "../routing/compile.ts";
import { domainForLabels } from "../routing/domain.ts";
import { CLUSTER_LOCAL_DOMAIN, hostOf, targetName } from "../routing/hosts.ts";
import { writeStatus } from "./child.ts";
import { ingressReady, planEntries } from "./ingress.ts";
import type { Observed, Settings, Write } from "./observed.ts";
import { mergeTargets, type ResolvedTarget, resolveTraffic } from "./traffic.ts";

export function reconcileRoute(route: Route, observed: Observed, settings: Settings): Write[] {
  const domain = domainOf(route, domainForLabels(settings.config.domain, route.metadata.labels));
  const { name, namespace = "", uid } = route.metadata;
  const resolution = resolveTraffic(route, observed);
  const current = observed.hostsOf(uid);
  const plan = resolution.ok
    ? planEntries(uid, compileRoute(route, resolution.targets, domain), current, observed)
    : { writes: [], stolenHost: null };
  const ingress = ingressReady(current, plan, settings);
  const status: RouteStatus = {
    observedGeneration: route.metadata.generation,
    conditions: nextConditions(
      route.status?.conditions,
      [
        resolution.ok ? { type: "AllTrafficAssigned", status: "True" } : resolution.problem,
        CERTIFICATE_PROVISIONED,
        ingress.wish,
      ],
      settings.nowMs,
    ),
    url: `http://${hostOf(name, namespace, domain)}`,
    address: { url: `http://${hostOf(name, namespace, CLUSTER_LOCAL_DOMAIN)}` },
    traffic: resolution.ok ? statusTraffic(route, resolution.targets, domain) : (route.status?.traffic ?? []),
  };
  return [
    ...plan.writes,
    ...(ingress.lookAgainAtMs === null
      ? []
      : [{ type: "wake" as const, key: keyOf(route), atMs: ingress.lookAgainAtMs }]),
    ...writeStatus(route, status),
  ];
}

const CERTIFICATE_PROVISIONED: ConditionWish = {
  type: "CertificateProvisioned",
  status: "True",
  reason: "TLSNotEnabled",
  message: "external-domain-tls is not enabled",
};

function domainOf(route: Route, domain: string): string {
  return route.metadata.labels?.[LABEL_VISIBILITY] === "cluster-local" ? CLUSTER_LOCAL_DOMAIN : domain;
}

function statusTraffic(route: Route, targets: readonly ResolvedTarget[], domain: string): TrafficTarget[] {
  const { name, namespace = "" } = route.metadata;
  const merged = mergeTargets(
    targets.map((target) => ({
      revisionName: target.revision.metadata.name,
      latestRevision: target.latestRevision,
      percent: target.percent,
      tag: target.tag,
    })),
  );
  return merged.map(({ tag, ...target }) =>
    tag === "" ? target : { ...target, tag, url: `http://${hostOf(targetName(name, tag), namespace, domain)}` },
  );
}
