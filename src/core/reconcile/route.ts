/**
 * Route → an entry per host, and the truth about who serves it.
 *
 *     traffic resolved ─▶ entries written, delivered, settled (ingress.ts) ─▶ IngressReady True
 *
 * Source: serving/pkg/reconciler/route, route_lifecycle.go
 */
import { LABEL_ROUTE, LABEL_VISIBILITY } from "../resource/annotations.ts";
import { type ConditionWish, nextConditions } from "../resource/conditions.ts";
import type { Route, RouteStatus, TrafficTarget } from "../resource/serving.ts";
import { compileRoute } from "../routing/compile.ts";
import { isControlHost } from "../routing/host.ts";
import { CLUSTER_LOCAL_DOMAIN, hostOf } from "../routing/hosts.ts";
import { hostsOfTarget, type TargetHosts } from "../routing/route-hosts.ts";
import { writeStatus } from "./child.ts";
import { ingressReady, planEntries } from "./ingress.ts";
import type { Observed, Settings, Write } from "./observed.ts";
import { foreignPlaceholder } from "./placeholder-services.ts";
import { mergeTargets, type ResolvedTarget, resolveTraffic } from "./traffic.ts";

export function reconcileRoute(route: Route, observed: Observed, settings: Settings): Write[] {
  const { name, namespace = "", uid } = route.metadata;
  const resolution = resolveTraffic(route, observed);
  const hosts = hostsOfRoute(route, resolution.ok ? resolution.targets : [], observed, settings);
  const problem = hosts.find((target) => target.problem !== null)?.problem ?? null;
  const current = observed.hostsOf(uid);
  const plan =
    resolution.ok && problem === null
      ? (foreignPlaceholder(route, hosts, observed) ??
        planEntries(route, compileRoute(route, resolution.targets, hosts), current, observed))
      : { writes: [], stolenHost: null };
  const ingress =
    problem === null ? ingressReady(route, current, plan, settings) : { wish: invalidHost(problem), writes: [] };
  const url = hosts[0]?.problem === null ? hosts[0].url : route.status?.url;
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
    ...(url === undefined ? {} : { url }),
    address: { url: `http://${hostOf(name, namespace, CLUSTER_LOCAL_DOMAIN)}` },
    // What is served: the collection of revisions goes by it.
    traffic:
      resolution.ok && problem === null && plan.stolenHost === null
        ? statusTraffic(resolution.targets, hosts)
        : (route.status?.traffic ?? []),
  };
  return [...plan.writes, ...ingress.writes, ...writeStatus(route, status)];
}

const CERTIFICATE_PROVISIONED: ConditionWish = {
  type: "CertificateProvisioned",
  status: "True",
  reason: "TLSNotEnabled",
  message: "external-domain-tls is not enabled",
};

/** The hosts of the default target, then of each tag. */
function hostsOfRoute(
  { metadata }: Route,
  targets: readonly ResolvedTarget[],
  observed: Observed,
  { config, controlHost }: Settings,
): TargetHosts[] {
  // Whoever labels the placeholder Service of a target hides that target alone; any value does.
  const isHidden = (name: string) => {
    const labels = observed.get("CoreService", metadata.namespace ?? "", name)?.metadata.labels;
    return labels?.[LABEL_ROUTE] === metadata.name && (labels[LABEL_VISIBILITY] ?? "") !== "";
  };
  const tags = [...new Set(["", ...targets.map((target) => target.tag)])];
  return tags.map((tag) => {
    const target = hostsOfTarget(metadata, tag, isHidden, config);
    return { ...target, problem: target.problem ?? problemHere(target, controlHost) };
  });
}

/** What templates may make and nobody can have: the host of the API, and a target named like one in another namespace. */
function problemHere({ name, host }: TargetHosts, controlHost: string): string | null {
  if (isControlHost(host, controlHost)) return `invalid domain name ${JSON.stringify(host)}: it is the host of the API`;
  return name.includes(".")
    ? `invalid name ${JSON.stringify(name)} of a tag: it must be one label, without dots`
    : null;
}

/** Nothing changes for callers until every host of the route can exist. */
function invalidHost(problem: string): ConditionWish {
  const message = `${problem} (see config-domain and config-network in namespace knative-serving)`;
  return { type: "IngressReady", status: "False", reason: "InvalidDomainName", message };
}

function statusTraffic(targets: readonly ResolvedTarget[], hosts: readonly TargetHosts[]): TrafficTarget[] {
  const merged = mergeTargets(
    targets.map((target) => ({
      revisionName: target.revision.metadata.name,
      latestRevision: target.latestRevision,
      percent: target.percent,
      tag: target.tag,
    })),
  );
  return merged.map(({ tag, ...target }) =>
    tag === "" ? target : { ...target, tag, url: hosts.find((host) => host.tag === tag)?.url ?? "" },
  );
}
