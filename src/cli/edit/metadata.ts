/** Labels and annotations from flags: some are the Service's, some the template's (and so its revisions'), some both. */

import { ANNOTATION_DRIVER, AUTOSCALING_PREFIX, LABEL_VISIBILITY } from "../../core/resource/annotations.ts";
import { usage } from "../cli-error.ts";
import { type Assignments, assign, parseAssignments } from "./assignments.ts";
import { type EditableService, type Metadata, withMember } from "./editable-service.ts";
import { scalingAnnotations } from "./scaling.ts";
import type { ServiceFlags } from "./service-flags.ts";

/** What kn remembers of the image that the user named; it must not go stale. */
const ANNOTATION_USER_IMAGE = "client.knative.dev/user-image";

export function editServiceMetadata(metadata: EditableService["metadata"], flags: ServiceFlags) {
  const visibility: Assignments = {
    set: new Map(flags.clusterLocal === true ? [[LABEL_VISIBILITY, "cluster-local"]] : []),
    remove: new Set(flags.clusterLocal === false ? [LABEL_VISIBILITY] : []),
  };
  const labels = [visibility, both("label", flags.label), parse("--label-service", flags.labelService)];
  const own = parse("--annotation-service", flags.annotationService);
  for (const name of own.set.keys()) if (isScaling(name)) throw misplaced(name);
  const shared = both("annotation", flags.annotation);
  const annotations = [{ ...shared, set: new Map([...shared.set].filter(([name]) => !isScaling(name))) }, own];
  return edited(metadata, labels, annotations);
}

export function editTemplateMetadata(metadata: Metadata, flags: ServiceFlags): Metadata {
  const image = metadata.annotations?.[ANNOTATION_USER_IMAGE] === undefined ? undefined : flags.image;
  const fixed = new Map<string, string>();
  if (flags.driver !== undefined) fixed.set(ANNOTATION_DRIVER, flags.driver);
  if (image !== undefined) fixed.set(ANNOTATION_USER_IMAGE, image);
  return edited(
    metadata,
    [both("label", flags.label), parse("--label-revision", flags.labelRevision)],
    [
      both("annotation", flags.annotation),
      parse("--annotation-revision", flags.annotationRevision),
      { set: fixed, remove: new Set() },
      scalingAnnotations(flags),
    ],
  );
}

function edited<T extends Metadata>(
  metadata: T,
  labels: readonly Assignments[],
  annotations: readonly Assignments[],
): T {
  const withLabels = withMember(metadata, "labels", labels.reduce(assign, metadata.labels));
  return withMember(withLabels, "annotations", annotations.reduce(assign, metadata.annotations));
}

const both = (name: string, values: readonly string[] | undefined) => parse(`--${name}`, values);

function parse(flag: string, values: readonly string[] = []): Assignments {
  return parseAssignments(flag, values, true);
}

function isScaling(name: string): boolean {
  return name.startsWith(AUTOSCALING_PREFIX);
}

function misplaced(name: string): Error {
  return usage(
    `--annotation-service cannot set ${name}: a service scales by the annotations of its revisions`,
    "Use --annotation-revision.",
  );
}
