/**
 * Route → an entry per host. The default target answers on the route's own hosts, each tag on hosts of its own:
 *
 *     hello.default.example.com          external       all targets, merged by revision, 0 % left out
 *     green-hello.default.example.com    external       the target tagged `green`, at 100 %
 *     hello.default(.svc(.cluster.local))  cluster-local  as the external host
 *
 * Source: serving/pkg/reconciler/route/resources (MakeIngressSpec) and traffic.
 */
import type { RouteTarget } from "../protocol/objects.ts";
import type { EntryDraft } from "../reconcile/observed.ts";
import type { ResolvedTarget } from "../reconcile/traffic.ts";
import { DEFAULT_TIMEOUT_SEC } from "../resource/defaults.ts";
import type { Route } from "../resource/serving.ts";
import type { TargetHosts } from "./route-hosts.ts";

/**
 * @param hosts of the default target and of each tag; none has a problem
 * @returns entries with distinct hosts; percents of each sum to 100
 */
export function compileRoute(
  route: Route,
  targets: readonly ResolvedTarget[],
  hosts: readonly TargetHosts[],
): EntryDraft[] {
  const { name, namespace = "", uid } = route.metadata;
  const entries = new Map<string, EntryDraft>();
  for (const { tag, visibility, host, localHosts } of hosts) {
    const compiled = tag === "" ? mergeByRevision(targets) : taggedTarget(targets, tag);
    const base = { routeUid: uid, namespace, route: name, targets: compiled };
    const own: EntryDraft[] = localHosts.map((local) => ({ host: local, visibility: "cluster-local", ...base }));
    if (visibility === "external") own.push({ host, visibility, ...base });
    // A tag template may give a tag the name of the route itself: the default target keeps it.
    for (const entry of own.filter((candidate) => !entries.has(candidate.host))) entries.set(entry.host, entry);
  }
  return [...entries.values()];
}

function mergeByRevision(targets: readonly ResolvedTarget[]): RouteTarget[] {
  const merged = new Map<string, RouteTarget>();
  for (const target of targets) {
    const { uid } = target.revision.metadata;
    merged.set(uid, toRouteTarget(target, (merged.get(uid)?.percent ?? 0) + target.percent));
  }
  const live = [...merged.values()].filter((target) => target.percent > 0);
  return live.length === 1 ? live.map((target) => ({ ...target, percent: 100 })) : live;
}

function taggedTarget(targets: readonly ResolvedTarget[], tag: string): RouteTarget[] {
  return targets.filter((target) => target.tag === tag).map((target) => toRouteTarget(target, 100));
}

function toRouteTarget({ revision }: ResolvedTarget, percent: number): RouteTarget {
  return {
    revisionUid: revision.metadata.uid,
    revision: revision.metadata.name,
    percent,
    timeoutSec: revision.spec.timeoutSeconds ?? DEFAULT_TIMEOUT_SEC,
  };
}
