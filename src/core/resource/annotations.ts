/** Keys of labels and annotations, Knative's and ours, and what is allowed to travel from parent to child. */

export const LABEL_SERVICE = "serving.knative.dev/service";
export const LABEL_SERVICE_UID = "serving.knative.dev/serviceUID";
export const LABEL_CONFIGURATION = "serving.knative.dev/configuration";
export const LABEL_CONFIGURATION_UID = "serving.knative.dev/configurationUID";
export const LABEL_CONFIGURATION_GENERATION = "serving.knative.dev/configurationGeneration";
/** On a placeholder Service: its Route. */
export const LABEL_ROUTE = "serving.knative.dev/route";
/** `pending`, `active` or `reserve`: whether a Route reaches the revision. */
export const LABEL_ROUTING_STATE = "serving.knative.dev/routingState";
/** `cluster-local` on a Service or Route: no public host. */
export const LABEL_VISIBILITY = "networking.knative.dev/visibility";

export const ANNOTATION_ROUTING_STATE_MODIFIED = "serving.knative.dev/routingStateModified";
/** Sorted, comma-separated names of the Routes that reach an object. */
export const ANNOTATION_ROUTES = "serving.knative.dev/routes";
export const ANNOTATION_CREATOR = "serving.knative.dev/creator";
export const ANNOTATION_LAST_MODIFIER = "serving.knative.dev/lastModifier";
/** "true" on a revision keeps it from the garbage collection. */
export const ANNOTATION_NO_GC = "serving.knative.dev/no-gc";
export const ANNOTATION_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
/** Which driver runs the pods: `process`, `docker` or `auto`; on the template. */
export const ANNOTATION_DRIVER = "rouse.dev/driver";
export const ROUSE_PREFIX = "rouse.dev/";
export const AUTOSCALING_PREFIX = "autoscaling.knative.dev/";

/** Holds a Revision until its pods are gone. */
export const FINALIZER_PODS = "revisions.rouse.dev/pods";
/** Kubernetes' own: holds an object until what it owns is gone. */
export const FINALIZER_FOREGROUND = "foregroundDeletion";
/** Kubernetes' own: what it owns shall stay. */
export const FINALIZER_ORPHAN = "orphan";
/** Holds a Namespace that is being deleted until it is empty. */
export const FINALIZER_NAMESPACE = "kubernetes";

/** A copy without some keys. */
export function without(
  map: Readonly<Record<string, string>> | undefined,
  ...keys: readonly string[]
): Record<string, string> {
  return Object.fromEntries(Object.entries(map ?? {}).filter(([key]) => !keys.includes(key)));
}
