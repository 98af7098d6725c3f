/**
 * What the writes of a reconciler mean to people: events about the reconciled object. Without a write nothing happened.
 *
 *     Service        Created Configuration, Created Route, the reason why it is not Ready
 *     Configuration  Created Revision, ConfigurationReady, LatestReadyUpdate, LatestCreatedFailed
 *     Revision       RevisionReady, RevisionFailed, ScaledToZero, ScaledFromZero
 *     Route          Created placeholder service, TrafficUpdated, the reason why it is not Ready
 *     DomainMapping  DomainMappingReady, the reason why it is not Ready
 *
 * Source: the recorder.Event calls in serving/pkg/reconciler; those about scale, traffic and domains are Rouse's own.
 */
import { type Condition, findCondition } from "../resource/conditions.ts";
import type { Happening } from "../resource/event.ts";
import { jsonEqual } from "../resource/json.ts";
import type { CommonStatus, KindName, KubeObject } from "../resource/object.ts";
import type { ConfigurationStatus, RevisionStatus, RouteStatus } from "../resource/serving.ts";
import type { Write } from "./observed.ts";

/** @param writes what reconciling the object as it was read led to */
export function eventsOf(object: KubeObject, writes: readonly Write[]): Write[] {
  const happenings = writes.flatMap((write): Said[] => {
    if (write.type === "create") return [created(write.draft.kind, write.draft.metadata.name)];
    return write.type === "update-status" ? changesOf(object, (write.object.status ?? {}) as CommonStatus) : [];
  });
  return happenings.map((said) => ({ type: "event", happening: { object, type: "Normal", ...said } }));
}

type Said = Pick<Happening, "reason" | "message"> & { readonly type?: Happening["type"] };

function created(kind: KindName, name: string): Said {
  const what = kind === "CoreService" ? "placeholder service" : kind;
  return { reason: "Created", message: `Created ${what} ${JSON.stringify(name)}` };
}

function changesOf(object: KubeObject, status: CommonStatus): Said[] {
  const before = (object.status ?? {}) as CommonStatus;
  const turned = turnedReady(before, status);
  switch (object.kind) {
    case "Service":
      return failure(turned);
    case "Configuration":
      return configurationChanges(before, status, turned);
    case "Revision":
      return revisionChanges(before, status, turned);
    case "Route":
      return [...trafficChange(before, status), ...failure(turned)];
    case "DomainMapping":
      return turned?.status === "True"
        ? [{ reason: "DomainMappingReady", message: "DomainMapping becomes ready" }]
        : failure(turned);
    default:
      return [];
  }
}

/** The condition Ready when it is True or False now and was not so before. */
function turnedReady(before: CommonStatus, after: CommonStatus): Condition | null {
  const [was, is] = [findCondition(before, "Ready"), findCondition(after, "Ready")];
  if (is === undefined || is.status === "Unknown") return null;
  return was?.status === is.status && was.reason === is.reason && was.message === is.message ? null : is;
}

function failure(turned: Condition | null): Said[] {
  if (turned?.status !== "False") return [];
  return [{ type: "Warning", reason: turned.reason || "NotReady", message: turned.message ?? "" }];
}

function configurationChanges(
  before: ConfigurationStatus,
  { latestCreatedRevisionName, latestReadyRevisionName }: ConfigurationStatus,
  turned: Condition | null,
): Said[] {
  const said: Said[] = [];
  if (turned?.status === "True") said.push({ reason: "ConfigurationReady", message: "Configuration becomes ready" });
  if (latestReadyRevisionName !== undefined && latestReadyRevisionName !== before.latestReadyRevisionName) {
    const message = `LatestReadyRevisionName updated to ${JSON.stringify(latestReadyRevisionName)}`;
    said.push({ reason: "LatestReadyUpdate", message });
  }
  if (turned?.reason === "RevisionFailed") {
    const message = `Latest created revision ${JSON.stringify(latestCreatedRevisionName ?? "")} has failed`;
    said.push({ type: "Warning", reason: "LatestCreatedFailed", message });
  }
  return said;
}

function revisionChanges(before: RevisionStatus, after: RevisionStatus, turned: Condition | null): Said[] {
  const said: Said[] = [];
  if (turned?.status === "True") {
    said.push({ reason: "RevisionReady", message: "Revision becomes ready upon all resources being ready" });
  }
  if (turned?.status === "False") {
    const message = [turned.reason, turned.message].filter((text) => text).join(": ");
    said.push({ type: "Warning", reason: "RevisionFailed", message });
  }
  // The first start is not a wake.
  const wasReady = findCondition(before, "Ready")?.status === "True";
  const { actualReplicas: was = 0 } = before;
  const { actualReplicas: is = 0 } = after;
  if (wasReady && was === 0 && is > 0) said.push({ reason: "ScaledFromZero", message: "Scaled from zero" });
  if (wasReady && was > 0 && is === 0) said.push({ reason: "ScaledToZero", message: "Scaled to zero" });
  return said;
}

function trafficChange({ traffic: before = [] }: RouteStatus, { traffic: after = [] }: RouteStatus): Said[] {
  if (before.length === 0 || jsonEqual(before, after)) return [];
  const shares = after.map(({ revisionName = "", percent = 0, tag }) => {
    const share = `${percent}% ${revisionName}`;
    return tag ? `${share} (${tag})` : share;
  });
  return [{ reason: "TrafficUpdated", message: `Traffic goes to ${shares.join(", ")}` }];
}
