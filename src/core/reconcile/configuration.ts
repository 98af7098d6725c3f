/**
 * Configuration → one Revision per generation. `latestReadyRevisionName` only moves forward: to the newest ready revision
 * whose generation lies between the current one's and the configuration's. Only a template that names an older revision
 * moves it back: that is how one rolls back.
 * Source: serving/pkg/reconciler/configuration, configuration_lifecycle.go
 */
import {
  ANNOTATION_CREATOR,
  ANNOTATION_LAST_MODIFIER,
  ANNOTATION_ROUTES,
  ANNOTATION_ROUTING_STATE_MODIFIED,
  FINALIZER_PODS,
  LABEL_CONFIGURATION,
  LABEL_CONFIGURATION_GENERATION,
  LABEL_CONFIGURATION_UID,
  LABEL_ROUTING_STATE,
  LABEL_SERVICE,
  LABEL_SERVICE_UID,
  without,
} from "../resource/annotations.ts";
import { type ConditionWish, findCondition, onlyReady, readiness } from "../resource/conditions.ts";
import { jsonEqual } from "../resource/json.ts";
import { controllerReference, type Draft, isControlledBy, keyOf } from "../resource/object.ts";
import { SERVING_API_VERSION } from "../resource/resource-type.ts";
import type { Configuration, ConfigurationStatus, Revision } from "../resource/serving.ts";
import { timestampOf } from "../resource/timestamp.ts";
import { writeStatus } from "./child.ts";
import { findNamedRevision, nameOfRevision } from "./named-revision.ts";
import type { Observed, Settings, Write } from "./observed.ts";
import { generationOf } from "./revision-row.ts";

export function reconcileConfiguration(configuration: Configuration, observed: Observed, settings: Settings): Write[] {
  const latest = findLatestCreated(configuration, observed);
  const latestReady = findLatestReady(configuration, latest, observed);
  const status: ConfigurationStatus = {
    observedGeneration: configuration.metadata.generation,
    conditions: onlyReady(
      configuration.status?.conditions,
      readyWish(latest, latestReady, configuration, observed),
      settings.nowMs,
    ),
    ...(latest.state === "taken" ? keptLatestCreated(configuration) : { latestCreatedRevisionName: latest.name }),
    ...(latestReady === "" ? {} : { latestReadyRevisionName: latestReady }),
  };
  return [
    ...(latest.state === "missing" ? [create(makeRevision(configuration, latest.name, settings.nowMs))] : []),
    ...annotateRoutes(configuration, observed),
    ...writeStatus(configuration, status),
  ];
}

type LatestCreated =
  | { readonly state: "found"; readonly name: string; readonly revision: Revision }
  /** It has to be made; `waiting` when its name is still held by a revision that is being deleted. */
  | { readonly state: "missing" | "waiting"; readonly name: string }
  | { readonly state: "taken"; readonly name: string };

function findLatestCreated(configuration: Configuration, observed: Observed): LatestCreated {
  const name = nameOfRevision(configuration);
  const existing = observed.get("Revision", configuration.metadata.namespace ?? "", name);
  if (existing === null) return { state: "missing", name };
  if (existing.metadata.deletionTimestamp !== undefined) return { state: "waiting", name };
  if (!isControlledBy(existing, configuration)) return { state: "taken", name };
  if (findNamedRevision(configuration, observed) === "taken") return { state: "taken", name };
  return { state: "found", name, revision: existing };
}

/** The name to publish as latest ready; "" while there never was one. */
function findLatestReady(configuration: Configuration, latest: LatestCreated, observed: Observed): string {
  const isNamed = (configuration.spec.template.metadata?.name ?? "") !== "";
  if (isNamed && latest.state === "found" && readiness(latest.revision) === "True") return latest.name;
  const current = configuration.status?.latestReadyRevisionName ?? "";
  const currentRevision =
    current === "" ? null : observed.get("Revision", configuration.metadata.namespace ?? "", current);
  const floor = currentRevision === null ? 0 : generationOf(currentRevision);
  if (floor === configuration.metadata.generation) return current;
  const candidates = observed
    .revisionsSince(configuration.metadata.uid, floor)
    .filter((revision) => readiness(revision) === "True" && revision.metadata.deletionTimestamp === undefined)
    .filter((revision) => generationOf(revision) <= configuration.metadata.generation);
  const newest = candidates.reduce<Revision | null>(
    (best, next) => (best === null || generationOf(next) > generationOf(best) ? next : best),
    null,
  );
  return newest?.metadata.name ?? current;
}

function readyWish(
  latest: LatestCreated,
  latestReady: string,
  configuration: Configuration,
  observed: Observed,
): Omit<ConditionWish, "type"> {
  if (latest.state === "taken") {
    const cause = `revisions.serving.knative.dev ${JSON.stringify(latest.name)} already exists`;
    const message = `Revision creation failed with message: ${cause}.`;
    return { status: "False", reason: "RevisionFailed", message };
  }
  if (latest.state === "found" && readiness(latest.revision) === "False") {
    const cause = findCondition(latest.revision.status, "Ready")?.message ?? "";
    const message = `Revision ${JSON.stringify(latest.name)} failed with message: ${cause}.`;
    return { status: "False", reason: "RevisionFailed", message };
  }
  if (isGone(latestReady, configuration, observed)) {
    return {
      status: "False",
      reason: "RevisionDeleted",
      message: `Revision ${JSON.stringify(latestReady)} was deleted.`,
    };
  }
  if (latest.state !== "found") return { status: "Unknown" };
  if (latestReady === latest.name) return { status: "True" };
  // Upstream says nothing of a revision on its way; why it takes so long is what its owner wants to know.
  const { status, reason = "", message = "" } = findCondition(latest.revision.status, "Ready") ?? {};
  return status === "Unknown" && message !== "" ? { status, reason, message } : { status: "Unknown" };
}

function isGone(latestReady: string, configuration: Configuration, observed: Observed): boolean {
  if (latestReady === "") return false;
  const revision = observed.get("Revision", configuration.metadata.namespace ?? "", latestReady);
  return revision === null || revision.metadata.deletionTimestamp !== undefined;
}

function keptLatestCreated({ status }: Configuration): ConfigurationStatus {
  return status?.latestCreatedRevisionName === undefined
    ? {}
    : { latestCreatedRevisionName: status.latestCreatedRevisionName };
}

function makeRevision(configuration: Configuration, name: string, nowMs: number): Draft {
  const { template } = configuration.spec;
  const { metadata } = configuration;
  const routes = metadata.annotations?.[ANNOTATION_ROUTES] ?? "";
  const author = metadata.annotations?.[ANNOTATION_LAST_MODIFIER] ?? metadata.annotations?.[ANNOTATION_CREATOR] ?? "";
  const inherited = [LABEL_SERVICE, LABEL_SERVICE_UID].flatMap((key) => {
    const value = metadata.labels?.[key];
    return value === undefined ? [] : [[key, value] as const];
  });
  return {
    apiVersion: SERVING_API_VERSION,
    kind: "Revision",
    metadata: {
      name,
      namespace: metadata.namespace ?? "",
      labels: {
        ...template.metadata?.labels,
        ...Object.fromEntries(inherited),
        [LABEL_CONFIGURATION]: metadata.name,
        [LABEL_CONFIGURATION_UID]: metadata.uid,
        [LABEL_CONFIGURATION_GENERATION]: String(metadata.generation),
        [LABEL_ROUTING_STATE]: routes === "" ? "pending" : "active",
      },
      annotations: {
        ...template.metadata?.annotations,
        ...(author === "" ? {} : { [ANNOTATION_CREATOR]: author }),
        ...(routes === "" ? {} : { [ANNOTATION_ROUTES]: routes }),
        [ANNOTATION_ROUTING_STATE_MODIFIED]: timestampOf(nowMs),
      },
      ownerReferences: [controllerReference(configuration)],
      finalizers: [FINALIZER_PODS],
    },
    spec: template.spec,
  };
}

/** Keeps the annotation `routes` equal to the Routes that name this configuration. */
function annotateRoutes(configuration: Configuration, observed: Observed): Write[] {
  const routes = observed
    .referrers(keyOf(configuration))
    .filter((key) => key.kind === "Route")
    .map((key) => key.name)
    .sort();
  const annotations = {
    ...without(configuration.metadata.annotations, ANNOTATION_ROUTES),
    ...(routes.length === 0 ? {} : { [ANNOTATION_ROUTES]: routes.join(",") }),
  };
  // A Service announces its Route before that exists; taking the name away and giving it back would be churn.
  const isAnnounced = routes.length === 0 && configuration.metadata.labels?.[LABEL_SERVICE] !== undefined;
  if (isAnnounced || jsonEqual(annotations, configuration.metadata.annotations ?? {})) return [];
  const object = { ...configuration, metadata: { ...configuration.metadata, annotations } };
  return [{ type: "update", object }];
}

function create(draft: Draft): Write {
  return { type: "create", draft };
}
