/**
 * What a Revision's template must be. Fields that Knative takes and this version cannot honour are refused by name:
 * ignoring one would run something else than was asked for.
 */
import { validateAutoscalingAnnotations } from "../autoscaler/annotations.ts";
import type { Config } from "../config/config.ts";
import { dns1035LabelProblem, dns1123SubdomainProblem } from "../name.ts";
import { ANNOTATION_DRIVER } from "./annotations.ts";
import { validateContainer } from "./container-validation.ts";
import { at, disallowedField, type FieldError, invalidValue, missingField, outOfBounds } from "./field-error.ts";
import { refuseUnknownRouseAnnotations, validateLabels } from "./metadata-validation.ts";
import type { RevisionSpec, RevisionTemplate } from "./pod-spec.ts";
import { NOT_YET, refuseFields } from "./refused-fields.ts";

export const MAX_TIMEOUT_SEC = 600;
export const MAX_CONTAINER_CONCURRENCY = 1000;
export const DRIVERS = ["auto", "process", "docker"] as const;

/**
 * @param parent the name of the Service or Configuration; a template's own name must start with it
 * @returns problems with paths relative to the template
 */
export function validateTemplate(
  template: RevisionTemplate,
  parent: { readonly name: string; readonly generateName: string },
  config: Config,
): FieldError[] {
  return [
    ...at("metadata", [
      ...validateTemplateName(template.metadata?.name ?? "", parent),
      ...validateLabels(template.metadata ?? {}),
      ...refuseUnknownRouseAnnotations(template.metadata ?? {}),
      ...at("annotations", validateTemplateAnnotations(template.metadata?.annotations ?? {}, config)),
    ]),
    ...at("spec", validateRevisionSpec(template.spec)),
  ];
}

function validateTemplateName(
  name: string,
  parent: { readonly name: string; readonly generateName: string },
): FieldError[] {
  if (name === "") return [];
  if (parent.generateName !== "") return [disallowedField("name")];
  const problem = dns1035LabelProblem(name);
  if (problem !== null) return [{ message: `not a DNS 1035 label: [${problem}]`, paths: ["name"] }];
  if (name.startsWith(`${parent.name}-`)) return [];
  return [{ message: `invalid value: ${JSON.stringify(name)} must have prefix "${parent.name}-"`, paths: ["name"] }];
}

function validateTemplateAnnotations(annotations: Readonly<Record<string, string>>, config: Config): FieldError[] {
  const errors: FieldError[] = validateAutoscalingAnnotations(annotations, config.autoscaler).map(
    ({ key, message, details }) => ({
      message,
      paths: [key],
      ...(details === undefined ? {} : { details }),
    }),
  );
  const driver = annotations[ANNOTATION_DRIVER];
  if (driver !== undefined && !DRIVERS.some((known) => known === driver)) {
    errors.push(invalidValue(driver, ANNOTATION_DRIVER, `must be one of: ${DRIVERS.join(", ")}`));
  }
  return errors;
}

function validateRevisionSpec(spec: RevisionSpec): FieldError[] {
  return [
    ...validateContainers(spec),
    ...validateLimits(spec),
    ...validateServiceAccount(spec.serviceAccountName ?? ""),
    ...refuseFields(spec, POD_FIELDS_NEVER),
    ...refuseFields(spec, POD_FIELDS_NOT_YET, NOT_YET),
  ];
}

function validateContainers(spec: RevisionSpec): FieldError[] {
  const [container, ...others] = spec.containers;
  if (container === undefined) return [missingField("containers")];
  if (others.length > 0) {
    return others.map((_, i) =>
      disallowedField(`containers[${i + 1}]`, "several containers in one pod are not supported by this version"),
    );
  }
  return at("containers[0]", validateContainer(container));
}

function validateLimits(spec: RevisionSpec): FieldError[] {
  const errors: FieldError[] = [];
  const check = (value: number | undefined, high: number, path: string) => {
    if (value !== undefined && (value < 0 || value > high)) errors.push(outOfBounds(value, 0, high, path));
  };
  const timeoutSec = spec.timeoutSeconds ?? 0;
  check(spec.containerConcurrency, MAX_CONTAINER_CONCURRENCY, "containerConcurrency");
  check(spec.timeoutSeconds, MAX_TIMEOUT_SEC, "timeoutSeconds");
  check(spec.responseStartTimeoutSeconds, timeoutSec, "responseStartTimeoutSeconds");
  check(spec.idleTimeoutSeconds, timeoutSec, "idleTimeoutSeconds");
  return errors;
}

function validateServiceAccount(name: string): FieldError[] {
  const problem = name === "" ? null : dns1123SubdomainProblem(name);
  return problem === null ? [] : [invalidValue(name, "serviceAccountName", problem)];
}

/** Refused by Knative itself. */
const POD_FIELDS_NEVER = [
  "restartPolicy",
  "terminationGracePeriodSeconds",
  "activeDeadlineSeconds",
  "nodeName",
  "hostname",
  "subdomain",
  "priority",
  "readinessGates",
];

/** Taken by Knative, some behind a feature flag. */
const POD_FIELDS_NOT_YET = [
  "initContainers",
  "volumes",
  "imagePullSecrets",
  "securityContext",
  "affinity",
  "nodeSelector",
  "tolerations",
  "topologySpreadConstraints",
  "runtimeClassName",
  "priorityClassName",
  "schedulerName",
  "hostNetwork",
  "hostPID",
  "hostIPC",
  "hostAliases",
  "shareProcessNamespace",
  "dnsPolicy",
  "dnsConfig",
];
