/** What `metadata` must be: names, labels, annotations. */
import {
  dns1035LabelProblem,
  dns1035PrefixProblem,
  dns1123SubdomainProblem,
  isLabelValue,
  isQualifiedKey,
} from "../name.ts";
import { ANNOTATION_DRIVER, AUTOSCALING_PREFIX, LABEL_VISIBILITY, ROUSE_PREFIX } from "./annotations.ts";
import { at, type FieldError, generic, invalidKey, invalidValue, missingField } from "./field-error.ts";
import type { ObjectMeta } from "./object.ts";

type Metadata = {
  readonly name?: string;
  readonly generateName?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
};

/**
 * Names and label syntax of an object of any kind.
 * @param nameRule DNS-1035 labels become host names (Knative's kinds); subdomains are Kubernetes' rule for the rest
 * @returns problems with paths relative to the object
 */
export function validateMetadata(metadata: Metadata, nameRule: "label" | "subdomain"): FieldError[] {
  return at("metadata", [...validateName(metadata, nameRule), ...validateLabels(metadata)]);
}

/**
 * A label that names an owner must name one that the object has: selectors trust it.
 * @param kind of the owner
 */
export function validateOwnerLabel(metadata: ObjectMeta, label: string, kind: string): FieldError[] {
  const name = metadata.labels?.[label];
  if (name === undefined) return [];
  const isOwner = (metadata.ownerReferences ?? []).some((owner) => owner.kind === kind && owner.name === name);
  return isOwner ? [] : at("metadata.labels", [missingField(label)]);
}

/** Any other value would leave a host public that was meant to be private. */
export function validateVisibility(metadata: Metadata): FieldError[] {
  const visibility = metadata.labels?.[LABEL_VISIBILITY];
  if (visibility === undefined || visibility === "cluster-local") return [];
  return at("metadata.labels", [invalidValue(visibility, LABEL_VISIBILITY)]);
}

/** Autoscaling annotations on anything but a template or Revision would be without effect, so they are refused there. */
export function refuseAutoscalingAnnotations(metadata: Metadata): FieldError[] {
  const misplaced = Object.keys(metadata.annotations ?? {}).filter((key) => key.startsWith(AUTOSCALING_PREFIX));
  return at(
    "metadata.annotations",
    misplaced.map((key) =>
      invalidKey(key, "", 'autoscaling annotations must be put under "spec.template.metadata.annotations" to work'),
    ),
  );
}

/** Under Rouse's prefix only what has an effect on a template is taken, so that a misspelled key is told. Paths relative to the metadata. */
export function refuseUnknownRouseAnnotations(metadata: Metadata): FieldError[] {
  return rouseKeys(metadata)
    .filter((key) => key !== ANNOTATION_DRIVER)
    .map((key) => invalidKey(key, "annotations", `known with this prefix: ${ANNOTATION_DRIVER}`));
}

/** On a Service or Configuration they would be without effect. What is there already may stay. */
export function refuseRouseAnnotations(metadata: Metadata, previous: Metadata | undefined): FieldError[] {
  const rule = `${ANNOTATION_DRIVER} must be put under "spec.template.metadata.annotations" to work; no other has this prefix`;
  return rouseKeys(metadata)
    .filter((key) => metadata.annotations?.[key] !== previous?.annotations?.[key])
    .map((key) => invalidKey(key, "annotations", rule));
}

function rouseKeys(metadata: Metadata): string[] {
  return Object.keys(metadata.annotations ?? {}).filter((key) => key.startsWith(ROUSE_PREFIX));
}

/** Syntax of labels and annotation keys; paths relative to the metadata. */
export function validateLabels(metadata: Metadata): FieldError[] {
  const labels = Object.entries(metadata.labels ?? {});
  const keys = Object.keys(metadata.annotations ?? {});
  return [
    ...labels.filter(([key]) => !isQualifiedKey(key)).map(([key]) => invalidKey(key, "labels", KEY_RULE)),
    ...labels
      .filter(([, value]) => !isLabelValue(value))
      .map(([key, value]) => invalidValue(value, `labels.${key}`, VALUE_RULE)),
    ...keys.filter((key) => !isQualifiedKey(key)).map((key) => invalidKey(key, "annotations", KEY_RULE)),
    ...refuseTooMuch(metadata.labels, "labels"),
    ...refuseTooMuch(metadata.annotations, "annotations"),
  ];
}

/** Kubernetes' limit for annotations; labels are kept a second time with each change of them. */
const MAX_TOTAL_CHARS = 256 * 1024;

function refuseTooMuch(map: Readonly<Record<string, string>> | undefined, path: string): FieldError[] {
  const chars = Object.entries(map ?? {}).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  return chars <= MAX_TOTAL_CHARS
    ? []
    : [generic(`Too long: may not be more than ${MAX_TOTAL_CHARS} characters`, path)];
}

function validateName(metadata: Metadata, nameRule: "label" | "subdomain"): FieldError[] {
  const { name = "", generateName = "" } = metadata;
  if (name === "" && generateName === "") return [{ message: "name or generateName is required", paths: ["name"] }];
  if (nameRule === "subdomain") {
    const problem = name === "" ? null : dns1123SubdomainProblem(name);
    return problem === null ? [] : [invalidValue(name, "name", problem)];
  }
  const prefixProblem = generateName === "" ? null : dns1035PrefixProblem(generateName);
  if (prefixProblem !== null) return [generic(`not a DNS 1035 label prefix: [${prefixProblem}]`, "generateName")];
  const problem = name === "" ? null : dns1035LabelProblem(name);
  return problem === null ? [] : [generic(`not a DNS 1035 label: [${problem}]`, "name")];
}

const KEY_RULE =
  "must be a name of at most 63 letters, digits, '-', '_' and '.', optionally after a DNS subdomain and a slash";
const VALUE_RULE = "must be at most 63 letters, digits, '-', '_' and '.', and start and end with a letter or digit";
