/**
 * Traffic targets → the revisions they mean. Any target that cannot be resolved, also one of 0 %, leaves the route's
 * traffic as it is. Of several errors the last failure counts, else the first that may still come right.
 * Source: serving/pkg/reconciler/route/traffic; cases in the vectors of test/core/reconcile.
 */
import { LABEL_SERVICE } from "../resource/annotations.ts";
import { type ConditionWish, readiness } from "../resource/conditions.ts";
import type { Revision, Route, TrafficTarget } from "../resource/serving.ts";
import type { Observed } from "./observed.ts";

export type ResolvedTarget = {
  /** "" for a target without a tag. */
  readonly tag: string;
  readonly revision: Revision;
  readonly percent: number;
  readonly latestRevision: boolean;
};

export type Resolution =
  | { readonly ok: true; readonly targets: readonly ResolvedTarget[] }
  | { readonly ok: false; readonly problem: ConditionWish };

export function resolveTraffic(route: Route, observed: Observed): Resolution {
  const targets: ResolvedTarget[] = [];
  let problem: ConditionWish | null = null;
  for (const target of route.spec.traffic ?? []) {
    const found = resolveTarget(target, route, observed);
    if ("revision" in found) {
      targets.push({
        tag: target.tag ?? "",
        revision: found.revision,
        percent: target.percent ?? 0,
        latestRevision: target.latestRevision ?? (target.revisionName ?? "") === "",
      });
    } else if (problem === null || found.status === "False") problem = found;
  }
  return problem === null ? { ok: true, targets } : { ok: false, problem };
}

type TargetStatus = { revisionName: string; latestRevision: boolean; percent: number; tag: string };

/** Equal (tag, revision, latest) triples become one with their percents added, in the order of their first. */
export function mergeTargets(targets: readonly TargetStatus[]): TargetStatus[] {
  const merged = new Map<string, TargetStatus>();
  for (const target of targets) {
    const id = `${target.tag}/${target.revisionName}/${target.latestRevision}`;
    const percent = (merged.get(id)?.percent ?? 0) + target.percent;
    merged.set(id, { ...target, percent });
  }
  return [...merged.values()];
}

function resolveTarget(
  target: TrafficTarget,
  route: Route,
  observed: Observed,
): { readonly revision: Revision } | ConditionWish {
  const namespace = route.metadata.namespace ?? "";
  let name = target.revisionName ?? "";
  if (target.configurationName) {
    const configuration = observed.get("Configuration", namespace, target.configurationName);
    const quoted = JSON.stringify(target.configurationName);
    if (configuration === null) {
      return problemOf("False", "ConfigurationMissing", `Configuration ${quoted} referenced in traffic not found.`);
    }
    name = configuration.status?.latestReadyRevisionName ?? "";
    if (name === "") {
      return readiness(configuration) === "False"
        ? problemOf("False", "RevisionMissing", `Configuration ${quoted} does not have any ready Revision.`)
        : problemOf("Unknown", "RevisionMissing", `Configuration ${quoted} is waiting for a Revision to become ready.`);
    }
  }
  return judge(observed.get("Revision", namespace, name), name, route);
}

function judge(revision: Revision | null, name: string, route: Route): { readonly revision: Revision } | ConditionWish {
  const quoted = JSON.stringify(name);
  if (revision === null || revision.metadata.deletionTimestamp !== undefined) {
    return problemOf("False", "RevisionMissing", `Revision ${quoted} referenced in traffic not found.`);
  }
  const service = route.metadata.labels?.[LABEL_SERVICE];
  if (service !== undefined && revision.metadata.labels?.[LABEL_SERVICE] !== service) {
    const message = `Revision ${quoted} does not belong to Service ${JSON.stringify(service)}.`;
    return problemOf("False", "RevisionNotOwned", message);
  }
  const ready = readiness(revision);
  if (ready === "True") return { revision };
  return ready === "False"
    ? problemOf("False", "RevisionMissing", `Revision ${quoted} failed to become ready.`)
    : problemOf("Unknown", "RevisionMissing", `Revision ${quoted} is not yet ready.`);
}

function problemOf(status: "False" | "Unknown", reason: string, message: string): ConditionWish {
  return { type: "AllTrafficAssigned", status, reason, message };
}
