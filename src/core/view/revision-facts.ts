/**
 * What views say of a revision, and nothing that must not be said: the environment of its containers may hold secrets.
 * The control plane answers a list of them, so that no Revision object is woken for a view.
 */
import { childName } from "../name.ts";
import type { RevisionObservation } from "../protocol/objects.ts";
import {
  ANNOTATION_ROUTES,
  ANNOTATION_ROUTING_STATE_MODIFIED,
  LABEL_ROUTING_STATE,
  without,
} from "../resource/annotations.ts";
import type { Condition } from "../resource/conditions.ts";
import type { ContainerPort } from "../resource/container.ts";
import type { ObjectMeta } from "../resource/object.ts";
import type { Revision } from "../resource/serving.ts";

export type RevisionFacts = {
  readonly metadata: ObjectMeta;
  /** 0 = no limit. */
  readonly containerConcurrency: number;
  readonly protocol: "http1" | "h2c";
  readonly containers: readonly ContainerFacts[];
  readonly conditions: readonly Condition[];
  /** What its object said last; null before the first. */
  readonly observation: RevisionObservation | null;
};

export type ContainerFacts = {
  readonly name: string;
  readonly image: string;
  readonly ports?: readonly ContainerPort[];
  readonly resources?: unknown;
};

export const USER_CONTAINER = "user-container";

export function toRevisionFacts(revision: Revision, observation: RevisionObservation | null): RevisionFacts {
  const { metadata, spec, status } = revision;
  const ports = spec.containers.flatMap((container) => container.ports ?? []);
  return {
    metadata,
    containerConcurrency: spec.containerConcurrency ?? 0,
    protocol: ports.some(({ name }) => name === "h2c") ? "h2c" : "http1",
    containers: spec.containers.map(({ name, image, ports, resources }) => ({
      name: name || USER_CONTAINER,
      image: image ?? "",
      ...(ports === undefined ? {} : { ports }),
      ...(resources === undefined ? {} : { resources }),
    })),
    conditions: status?.conditions ?? [],
    observation,
  };
}

const LABEL_ROUTE = "serving.knative.dev/route";
const LABEL_REVISION = "serving.knative.dev/revision";
const LABEL_REVISION_UID = "serving.knative.dev/revisionUID";

/** Labels of everything below a Revision. Source: serving/pkg/reconciler/revision/resources makeLabels */
export function labelsBelow({
  name,
  uid,
  labels,
}: Pick<ObjectMeta, "name" | "uid" | "labels">): Record<string, string> {
  return {
    ...without(labels, LABEL_ROUTE, LABEL_ROUTING_STATE),
    [LABEL_REVISION]: name,
    [LABEL_REVISION_UID]: uid,
    app: name,
  };
}

/** Annotations of everything below a Revision: all but what tells of its routes. Source: as above, makeAnnotations */
export function annotationsBelow({ annotations }: Pick<ObjectMeta, "annotations">): Record<string, string> {
  return without(annotations, ANNOTATION_ROUTES, ANNOTATION_ROUTING_STATE_MODIFIED);
}

/** The name that Knative gives the Deployment of a revision; pods are named after it. */
export function deploymentName(revision: string): string {
  return childName(revision, "-deployment");
}

/** As the pods of a revision are named: clients know them by their prefix. */
export function podName(revision: string, podId: string): string {
  return `${deploymentName(revision)}-${podId.slice(0, 8)}`;
}
