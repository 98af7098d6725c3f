/**
 * What a Revision's template must be.
 * Source: Knative's revision_validation.go
 */
import { validateAutoscalingAnnotations } from "../autoscaler/annotations.ts";
import type { Config } from "../config/config.ts";
import { dns1035LabelProblem, dns1035PrefixProblem } from "../name.ts";
import { ANNOTATION_DRIVER } from "./annotations.ts";
import { PROGRESS_DEADLINE_KEYS, validateDurations } from "./duration-annotation.ts";
import { at, disallowedField, type FieldError, invalidValue, outOfBounds } from "./field-error.ts";
import { refuseUnknownRouseAnnotations, validateLabels } from "./metadata-validation.ts";
import type { RevisionTemplate } from "./pod-spec.ts";
import { validateRevisionSpec } from "./pod-spec-validation.ts";

export const DRIVERS = ["auto", "process", "docker"] as const;

/** The Service or Configuration of a template; `name` is "" while it is still to be generated. */
export type TemplateOwner = { readonly name: string; readonly generateName: string };

/** @returns problems with paths relative to the template */
export function validateTemplate(template: RevisionTemplate, owner: TemplateOwner, config: Config): FieldError[] {
  const { metadata = {} } = template;
  const annotations = metadata.annotations ?? {};
  return [
    ...at("metadata", [
      ...validateNames(metadata, owner),
      ...validateLabels(metadata),
      ...refuseUnknownRouseAnnotations(metadata),
      ...at("annotations", [
        ...validateScaling(annotations, config),
        ...validateDurations(annotations, PROGRESS_DEADLINE_KEYS),
        ...validateSidecarShare(annotations),
        ...validateDriver(annotations),
      ]),
    ]),
    ...at("spec", validateRevisionSpec(template.spec, config)),
  ];
}

/**
 * Autoscaling annotations of a template or a Revision.
 * @returns problems with the keys as paths
 */
export function validateScaling(annotations: Readonly<Record<string, string>>, config: Config): FieldError[] {
  return validateAutoscalingAnnotations(annotations, config.autoscaler).map(({ key, message, details }) => ({
    message,
    paths: [key],
    ...(details === undefined ? {} : { details }),
  }));
}

/** A template's own revision name begins with its owner's, so that names of different owners cannot meet. */
function validateNames(
  { name = "", generateName = "" }: NonNullable<RevisionTemplate["metadata"]>,
  owner: TemplateOwner,
): FieldError[] {
  const prefixProblem = generateName === "" ? null : dns1035PrefixProblem(generateName);
  if (prefixProblem !== null) return [invalidValue(`not a DNS 1035 label prefix: [${prefixProblem}]`, "generateName")];
  if (name === "") return [];
  const problem = dns1035LabelProblem(name);
  if (problem !== null) return [invalidValue(`not a DNS 1035 label: [${problem}]`, "name")];
  if (owner.name === "" && owner.generateName !== "") return [disallowedField("name")];
  const prefix = `${owner.name}-`;
  if (name.startsWith(prefix)) return [];
  return [invalidValue(`${JSON.stringify(name)} must have prefix ${JSON.stringify(prefix)}`, "name")];
}

const SIDECAR_SHARE_KEYS = [
  "queue.sidecar.serving.knative.dev/resource-percentage",
  "queue.sidecar.serving.knative.dev/resourcePercentage",
];

/** How much of the container's resources the queue-proxy gets: checked as Knative does, without effect here. */
function validateSidecarShare(annotations: Readonly<Record<string, string>>): FieldError[] {
  const key = SIDECAR_SHARE_KEYS.find((candidate) => annotations[candidate] !== undefined);
  if (key === undefined) return [];
  const text = annotations[key] ?? "";
  const share = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isNaN(share)) return [invalidValue(text, `[${key}]`)];
  return share < 0.1 || share > 100 ? [outOfBounds(share, 0.1, 100, `[${key}]`)] : [];
}

function validateDriver(annotations: Readonly<Record<string, string>>): FieldError[] {
  const driver = annotations[ANNOTATION_DRIVER];
  if (driver === undefined || DRIVERS.some((known) => known === driver)) return [];
  return [invalidValue(driver, ANNOTATION_DRIVER, `must be one of: ${DRIVERS.join(", ")}`)];
}
