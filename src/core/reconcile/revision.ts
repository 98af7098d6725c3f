/**
 * Revision → the order for its Revision object; the object's observation → conditions. A revision becomes Ready when
 * its initial scale was reached once, and stays Ready while it sleeps.
 * Source: serving/pkg/reconciler/revision, revision_lifecycle.go (PropagateAutoscalerStatus)
 */
import type { RevisionObservation, RevisionOrder } from "../protocol/objects.ts";
import { LABEL_ROUTING_STATE } from "../resource/annotations.ts";
import { type ConditionWish, nextConditions } from "../resource/conditions.ts";
import { hasDigest } from "../resource/image-reference.ts";
import { jsonEqual } from "../resource/json.ts";
import { keyOf, type ObjectMeta } from "../resource/object.ts";
import type { Revision, RevisionStatus } from "../resource/serving.ts";
import { writeStatus } from "./child.ts";
import { resolveEnv } from "./env-sources.ts";
import type { Observed, Settings, Write } from "./observed.ts";
import { makeOrder, servingContainer } from "./revision-order.ts";
import { routingState } from "./routing-state.ts";

export function reconcileRevision(revision: Revision, observed: Observed, settings: Settings): Write[] {
  const { uid } = revision.metadata;
  const { metadata, settlesAtMs } = routingState(revision, observed, settings);
  const isRelabelled = !jsonEqual(metadata, revision.metadata);
  const current: Revision = isRelabelled ? { ...revision, metadata } : revision;
  const observation = observed.observation(uid);
  const env = resolveEnv(servingContainer(revision), metadata.namespace ?? "", observed);
  // Pods that would only fail are not begun with; where some run already, only new ones are kept from starting.
  const startProblem = observation === null ? env.problem : null;
  const order = makeOrder(current, env, reachability(metadata), settings.config.autoscaler);
  const status: RevisionStatus = {
    observedGeneration: revision.metadata.generation,
    conditions: nextConditions(revision.status?.conditions, conditionWishes(observation, startProblem), settings.nowMs),
    ...containerStatuses(revision),
    ...(observation === null
      ? {}
      : { actualReplicas: observation.actualScale, desiredReplicas: observation.desiredScale }),
  };
  return [
    ...(isRelabelled ? [{ type: "update" as const, object: current }] : []),
    ...(startProblem === null ? [{ type: "order" as const, order }] : []),
    ...writeStatus(current, status),
    ...(settlesAtMs === null ? [] : [{ type: "wake" as const, key: keyOf(revision), atMs: settlesAtMs }]),
  ];
}

/**
 *     observation            ContainerHealthy      ResourcesAvailable    Active
 *     none yet               Unknown Deploying     Unknown Deploying     Unknown Deploying
 *       and an env source    False CreateContainerConfigError, since no pod can start without it; the other as above
 *         is not there
 *     not initialized        Unknown Deploying     Unknown Deploying     as observed
 *       and a pod runs that    with why as message   as above
 *         is not ready yet
 *     initialized            True                  True                  as observed
 *     with a failure         that condition is False with its reason; the other as above
 */
function conditionWishes(observation: RevisionObservation | null, startProblem: string | null): ConditionWish[] {
  const isInitialized = observation?.isInitialized === true;
  const failure = startProblem === null ? observation?.failure : configError(startProblem);
  const wishFor = (type: "ContainerHealthy" | "ResourcesAvailable"): ConditionWish => {
    if (failure?.condition === type) {
      return { type, status: "False", reason: failure.reason, message: failureMessage(failure) };
    }
    if (isInitialized) return { type, status: "True" };
    const message = type === "ContainerHealthy" ? (observation?.unready ?? "") : "";
    return { type, status: "Unknown", reason: "Deploying", message };
  };
  const active: ConditionWish = { type: "Active", ...(observation?.active ?? DEPLOYING), isInformational: true };
  return [wishFor("ContainerHealthy"), wishFor("ResourcesAvailable"), active];
}

type Failure = NonNullable<RevisionObservation["failure"]>;

/** Reason and message are those that Kubernetes gives a pod that waits for its ConfigMap. */
function configError(message: string): Failure {
  return { condition: "ContainerHealthy", reason: "CreateContainerConfigError", message };
}

/** Knative's sentence first: people and programs look for it. */
function failureMessage({ reason, message }: Failure): string {
  return reason === "ProgressDeadlineExceeded" ? `Initial scale was never achieved: ${message}` : message;
}

/**
 * The image of each container, where the template itself says which bytes it means. Clients write such a digest back into
 * the template, so one that nobody can pull must not appear.
 */
function containerStatuses({ spec }: Revision): Pick<RevisionStatus, "containerStatuses"> {
  const images = spec.containers.map(({ name = "", image = "" }) => ({ name, imageDigest: image }));
  return images.every(({ imageDigest }) => hasDigest(imageDigest)) ? { containerStatuses: images } : {};
}

const DEPLOYING = { status: "Unknown", reason: "Deploying", message: "" } as const;

function reachability(metadata: ObjectMeta): RevisionOrder["reachability"] {
  const state = metadata.labels?.[LABEL_ROUTING_STATE];
  if (state === "active") return "Reachable";
  return state === "reserve" ? "Unreachable" : "Unknown";
}
