/**
 * The autoscaler's part of a Revision object as Knative's PodAutoscaler.
 * Source: serving/pkg/reconciler/revision/resources/pa.go, pkg/apis/autoscaling/v1alpha1
 */
import { childName } from "../name.ts";
import type { RevisionOrder } from "../protocol/objects.ts";
import { LABEL_ROUTING_STATE } from "../resource/annotations.ts";
import { type Condition, type ConditionWish, findCondition, nextConditions } from "../resource/conditions.ts";
import type { ObjectMeta, OwnerReference } from "../resource/object.ts";
import { annotationsBelow, deploymentName, labelsBelow, type RevisionFacts } from "./revision-facts.ts";
import { derivedUid, type ViewObject, versioned } from "./view-object.ts";

const API_VERSION = "autoscaling.internal.knative.dev/v1alpha1";
const KIND = "PodAutoscaler";
const DEFAULT_ANNOTATIONS = {
  "autoscaling.knative.dev/class": "kpa.autoscaling.knative.dev",
  "autoscaling.knative.dev/metric": "concurrency",
};

export function podAutoscalerView(revision: RevisionFacts): ViewObject {
  const { metadata, observation } = revision;
  return versioned({
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: {
      ...metadataBelow(metadata, derivedUid(KIND, metadata.uid)),
      ownerReferences: [
        controlledBy({
          apiVersion: "serving.knative.dev/v1",
          kind: "Revision",
          name: metadata.name,
          uid: metadata.uid,
        }),
      ],
    },
    spec: {
      ...(revision.containerConcurrency > 0 ? { containerConcurrency: revision.containerConcurrency } : {}),
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: deploymentName(metadata.name) },
      ...reachability(metadata),
      protocolType: revision.protocol,
    },
    status: {
      observedGeneration: 1,
      conditions: conditions(revision),
      serviceName: metadata.name,
      metricsServiceName: privateServiceName(metadata.name),
      ...(observation === null ? {} : { desiredScale: observation.desiredScale, actualScale: observation.actualScale }),
    },
  });
}

/** Metadata of what Knative makes below a Revision under the Revision's own name. */
export function metadataBelow(revision: ObjectMeta, uid: string) {
  const { name, namespace = "", creationTimestamp } = revision;
  return {
    name,
    namespace,
    uid,
    generation: 1,
    creationTimestamp,
    labels: labelsBelow(revision),
    annotations: { ...DEFAULT_ANNOTATIONS, ...annotationsBelow(revision) },
  };
}

/** The reference by which the ServerlessService of a revision names its PodAutoscaler. */
export function ownedByAutoscaler({ name, uid }: ObjectMeta): OwnerReference {
  return controlledBy({ apiVersion: API_VERSION, kind: KIND, name, uid: derivedUid(KIND, uid) });
}

export function privateServiceName(revision: string): string {
  return childName(revision, "-private");
}

/** When the state that a view's conditions tell was entered, ms since epoch: as far as the Revision's own say. */
export function changedAtMs({ metadata, conditions }: RevisionFacts): number {
  const since = findCondition({ conditions }, "Active")?.lastTransitionTime ?? metadata.creationTimestamp;
  return Date.parse(since);
}

function conditions(revision: RevisionFacts): Condition[] {
  const { observation } = revision;
  const initialized = observation?.isInitialized === true ? "True" : "Unknown";
  const hasEndpoints = (observation?.actualScale ?? 0) > 0;
  const wishes: ConditionWish[] = [
    { type: "Active", ...(observation?.active ?? { status: "Unknown" as const }) },
    { type: "ScaleTargetInitialized", status: initialized },
    hasEndpoints
      ? { type: "SKSReady", status: "True" }
      : { type: "SKSReady", status: "Unknown", reason: "NotReady", message: "K8s Service is not ready" },
  ];
  return nextConditions(undefined, wishes, changedAtMs(revision));
}

/** Absent while it is not known, as upstream leaves the empty text out. */
function reachability({ labels }: ObjectMeta): { readonly reachability?: RevisionOrder["reachability"] } {
  const state = labels?.[LABEL_ROUTING_STATE];
  if (state === "active") return { reachability: "Reachable" };
  return state === "reserve" ? { reachability: "Unreachable" } : {};
}

function controlledBy(owner: Omit<OwnerReference, "controller" | "blockOwnerDeletion">): OwnerReference {
  return { ...owner, controller: true, blockOwnerDeletion: true };
}
