/**
 * What the spec of a Revision must be. What the driver of the pods cannot do is not judged here: that is known only where
 * they run (reconcile/pod-features.ts).
 * Source: Knative's k8s_validation.go (ValidatePodSpec), revision_validation.go, fieldmask.go (PodSpecMask)
 */
import type { Config } from "../config/config.ts";
import type { DefaultsConfig } from "../config/defaults-config.ts";
import type { FeatureName, FeaturesConfig } from "../config/features-config.ts";
import { dns1123SubdomainProblem } from "../name.ts";
import type { Container } from "./container.ts";
import { type PodContext, validateContainer } from "./container-validation.ts";
import { at, type FieldError, generic, invalidValue, missingField, outOfBounds } from "./field-error.ts";
import type { RevisionSpec } from "./pod-spec.ts";
import { refuseFields } from "./refused-fields.ts";
import { validatePodSecurityContext } from "./security-context.ts";
import { validateVolumes, volumesByName } from "./volume-validation.ts";

/** @returns problems with paths relative to the spec */
export function validateRevisionSpec(spec: RevisionSpec, { defaults, features }: Config): FieldError[] {
  const { containers, initContainers = [], volumes = [] } = spec;
  const context = { volumes: volumesByName(volumes), features };
  return [
    ...refuseFields(spec, FIELDS_NEVER),
    ...refuseFields(spec, fieldsOff(features)),
    // The only use of the field that Knative allows is to switch it off.
    ...refuseFields(spec, ["automountServiceAccountToken"]),
    ...at("securityContext", validatePodSecurityContext(spec.securityContext ?? {}, features)),
    ...validateVolumes(volumes, [...initContainers, ...containers], features),
    ...validateInitContainers(initContainers, containers, context),
    ...validatePortCount(containers),
    ...validateContainers(containers, context),
    ...validateServiceAccount(spec.serviceAccountName ?? ""),
    ...validateLimits(spec, defaults),
  ];
}

const FIELDS_NEVER = [
  "restartPolicy",
  "terminationGracePeriodSeconds",
  "activeDeadlineSeconds",
  "nodeName",
  "hostname",
  "subdomain",
  "priority",
  "readinessGates",
];

const FEATURE_OF_FIELD: Readonly<Record<string, FeatureName>> = {
  initContainers: "kubernetes.podspec-init-containers",
  affinity: "kubernetes.podspec-affinity",
  topologySpreadConstraints: "kubernetes.podspec-topologyspreadconstraints",
  hostAliases: "kubernetes.podspec-hostaliases",
  nodeSelector: "kubernetes.podspec-nodeselector",
  runtimeClassName: "kubernetes.podspec-runtimeclassname",
  tolerations: "kubernetes.podspec-tolerations",
  securityContext: "kubernetes.podspec-securitycontext",
  shareProcessNamespace: "kubernetes.podspec-shareprocessnamespace",
  hostIPC: "kubernetes.podspec-hostipc",
  hostPID: "kubernetes.podspec-hostpid",
  hostNetwork: "kubernetes.podspec-hostnetwork",
  priorityClassName: "kubernetes.podspec-priorityclassname",
  schedulerName: "kubernetes.podspec-schedulername",
  dnsPolicy: "kubernetes.podspec-dnspolicy",
  dnsConfig: "kubernetes.podspec-dnsconfig",
};

function fieldsOff(features: FeaturesConfig): string[] {
  return Object.keys(FEATURE_OF_FIELD).filter((field) => {
    const feature = FEATURE_OF_FIELD[field];
    return feature !== undefined && features[feature] === "Disabled";
  });
}

function validateInitContainers(
  initContainers: readonly Container[],
  others: readonly Container[],
  context: PodContext,
): FieldError[] {
  const count = initContainers.length;
  if (count === 0) return [];
  if (context.features["kubernetes.podspec-init-containers"] !== "Enabled") {
    return [generic(`pod spec support for init-containers is off, but found ${count} init containers`, "")];
  }
  const names = new Set(others.map(({ name }) => name));
  return initContainers.flatMap((container, i) => {
    const problems = [
      ...(names.has(container.name) ? [duplicateName(container)] : []),
      ...validateContainer(container, "init", context),
    ];
    names.add(container.name);
    return at(`initContainers[${i}]`, problems);
  });
}

function validateContainers(containers: readonly Container[], context: PodContext): FieldError[] {
  if (containers.length === 0) return [missingField("containers")];
  if (containers.length > 1 && context.features["multi-container"] !== "Enabled") {
    return [generic(`multi-container is off, but found ${containers.length} containers`, "")];
  }
  const names = new Set<string | undefined>();
  return containers.flatMap((container, i) => {
    const isServing = containers.length === 1 || (container.ports?.length ?? 0) > 0;
    const isTaken = names.has(container.name);
    names.add(container.name);
    return at(`containers[${i}]`, [
      ...(isTaken ? [duplicateName(container)] : []),
      ...validateContainer(container, isServing ? "serving" : "sidecar", context),
    ]);
  });
}

function duplicateName({ name = "" }: Container): FieldError {
  return generic(`duplicate container name ${JSON.stringify(name)}`, "name");
}

/** One port over all containers says which of them takes the requests. */
function validatePortCount(containers: readonly Container[]): FieldError[] {
  const count = containers.reduce((sum, container) => sum + (container.ports?.length ?? 0), 0);
  if (count > 1) {
    const details = "Only a single port is allowed across all containers";
    return at("containers[*]", [generic("more than one container port is set", "ports", details)]);
  }
  return count === 0 && containers.length > 1 ? at("containers[*]", [missingField("ports")]) : [];
}

function validateServiceAccount(name: string): FieldError[] {
  const problem = name === "" ? null : dns1123SubdomainProblem(name);
  return problem === null ? [] : [invalidValue(name, "serviceAccountName", problem)];
}

function validateLimits(spec: RevisionSpec, defaults: DefaultsConfig): FieldError[] {
  const timeoutSec = spec.timeoutSeconds ?? 0;
  const between = (low: number, value: number | undefined, high: number, path: string) =>
    value !== undefined && (value < low || value > high) ? [outOfBounds(value, low, high, path)] : [];
  const lowestConcurrency = defaults.allowContainerConcurrencyZero ? 0 : 1;
  const { containerConcurrency, responseStartTimeoutSeconds, idleTimeoutSeconds } = spec;
  return [
    ...between(lowestConcurrency, containerConcurrency, defaults.containerConcurrencyMaxLimit, "containerConcurrency"),
    ...between(0, spec.timeoutSeconds, defaults.maxRevisionTimeoutSec, "timeoutSeconds"),
    ...between(0, responseStartTimeoutSeconds, timeoutSec, "responseStartTimeoutSeconds"),
    ...between(0, idleTimeoutSeconds, timeoutSec, "idleTimeoutSeconds"),
  ];
}
