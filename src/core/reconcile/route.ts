/**
 * Route → an entry per host, and the truth about who serves it. `IngressReady` is True only when every entry was taken
 * by its Routes object and old copies in the gateways have run out:
 *
 *     traffic resolved ─▶ entries written ─▶ delivered ─(settleMs)─▶ IngressReady True
 *
 * Source: serving/pkg/reconciler/route, route_lifecycle.go
 */
import { LABEL_VISIBILITY } from "../resource/annotations.ts";
import { type ConditionWish, nextConditions } from "../resource/conditions.ts";
import { jsonEqual } from "../resource/json.ts";
import { keyOf } from "../resource/object.ts";
import type { Route, RouteStatus, TrafficTarget } from "../resource/serving.ts";
import { compileRoute } from "../routing/compile.ts";
import { domainForLabels } from "../routing/domain.ts";
import { CLUSTER_LOCAL_DOMAIN, hostOf, targetName } from "../routing/hosts.ts";
import { writeStatus } from "./child.ts";
import type { EntryDraft, Observed, RouteHost, Settings, Write } from "./observed.ts";
import { mergeTargets, type ResolvedTarget, resolveTraffic } from "./traffic.ts";

export function reconcileRoute(route: Route, observed: Observed, settings: Settings): Write[] {
  const domain = domainOf(route, domainForLabels(settings.config.domain, route.metadata.labels));
  const { name, namespace = "", uid } = route.metadata;
  const resolution = resolveTraffic(route, observed);
  const current = observed.hostsOf(uid);
  const plan = resolution.ok
    ? planEntries(route, compileRoute(route, resolution.targets, domain), current, observed)
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

/** When a Route is gone its hosts are given up. */
export function releaseRoute(routeUid: string, observed: Observed): Write[] {
  return observed.hostsOf(routeUid).map(({ host }) => ({ type: "entry", routeUid, host, entry: null }));
}

/** How soon a route tries again to get a host that another one has. */
const HOST_RETRY_MS = 10_000;

const CERTIFICATE_PROVISIONED: ConditionWish = {
  type: "CertificateProvisioned",
  status: "True",
  reason: "TLSNotEnabled",
  message: "external-domain-tls is not enabled",
};

function domainOf(route: Route, domain: string): string {
  return route.metadata.labels?.[LABEL_VISIBILITY] === "cluster-local" ? CLUSTER_LOCAL_DOMAIN : domain;
}

type Plan = {
  readonly writes: readonly Write[];
  /** A wanted host that another route has: this route gets no entries until it is free. */
  readonly stolenHost: string | null;
};

function planEntries(
  route: Route,
  wanted: readonly EntryDraft[],
  current: readonly RouteHost[],
  observed: Observed,
): Plan {
  const routeUid = route.metadata.uid;
  const stolen = wanted.find(({ host }) => (observed.hostOwner(host) ?? routeUid) !== routeUid);
  if (stolen !== undefined) return { writes: [], stolenHost: stolen.host };
  const known = new Map(current.map((row) => [row.host, row.entry]));
  const wantedHosts = new Set(wanted.map((entry) => entry.host));
  return {
    stolenHost: null,
    writes: [
      ...wanted
        .filter((entry) => !jsonEqual(known.get(entry.host), entry))
        .map((entry) => ({ type: "entry" as const, routeUid, host: entry.host, entry })),
      ...current
        .filter(({ host }) => !wantedHosts.has(host))
        .map(({ host }) => ({ type: "entry" as const, routeUid, host, entry: null })),
    ],
  };
}

function ingressReady(
  current: readonly RouteHost[],
  plan: Plan,
  settings: Settings,
): { readonly wish: ConditionWish; readonly lookAgainAtMs: number | null } {
  const type = "IngressReady";
  if (plan.stolenHost !== null) {
    const message = `There is an existing placeholder Service ${JSON.stringify(plan.stolenHost)} that we do not own.`;
    return {
      wish: { type, status: "False", reason: "NotOwned", message },
      lookAgainAtMs: settings.nowMs + HOST_RETRY_MS,
    };
  }
  const pending: ConditionWish = {
    type,
    status: "Unknown",
    reason: "IngressNotConfigured",
    message: "Ingress has not yet been reconciled.",
  };
  const isGrowing = plan.writes.some((write) => write.type === "entry" && write.entry !== null);
  const deliveries = current.map((row) => row.deliveredAtMs);
  if (isGrowing || deliveries.length === 0 || deliveries.includes(null)) return { wish: pending, lookAgainAtMs: null };
  const lookAgainAtMs = Math.max(...deliveries.map((atMs) => atMs ?? 0)) + settings.settleMs;
  if (settings.nowMs < lookAgainAtMs) return { wish: pending, lookAgainAtMs };
  return { wish: { type, status: "True" }, lookAgainAtMs: null };
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
