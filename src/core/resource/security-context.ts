/**
 * What a container and a pod may say about their rights, and what is filled in under `secure-pod-defaults`.
 * Source: Knative's fieldmask.go (SecurityContextMask, CapabilitiesMask, PodSecurityContextMask), revision_defaults.go
 */
import type { FeaturesConfig } from "../config/features-config.ts";
import type { Container, SecurityContext } from "./container.ts";
import { at, type FieldError, outOfBounds } from "./field-error.ts";
import type { PodSecurityContext } from "./pod-spec.ts";
import { refuseOthers } from "./refused-fields.ts";

const CONTAINER_FIELDS = [
  "capabilities",
  "readOnlyRootFilesystem",
  "runAsUser",
  "runAsGroup",
  "runAsNonRoot",
  "allowPrivilegeEscalation",
  "seccompProfile",
];
const POD_FIELDS = [
  "runAsUser",
  "runAsGroup",
  "runAsNonRoot",
  "fsGroup",
  "fsGroupChangePolicy",
  "supplementalGroups",
  "seccompProfile",
];
const MAX_ID = 2 ** 31 - 1;
const LOW_PORT_CAPABILITY = "NET_BIND_SERVICE";
const FIRST_UNPRIVILEGED_PORT = 1024;

/** @returns problems with paths relative to the context */
export function validateSecurityContext(context: SecurityContext, features: FeaturesConfig): FieldError[] {
  return [
    ...refuseOthers(context, CONTAINER_FIELDS),
    ...at("capabilities", validateCapabilities(context.capabilities ?? {}, features)),
    ...validateId(context.runAsUser, "runAsUser"),
    ...validateId(context.runAsGroup, "runAsGroup"),
  ];
}

/** @returns problems with paths relative to the context; whether there may be one at all is the pod spec's rule */
export function validatePodSecurityContext(context: PodSecurityContext, features: FeaturesConfig): FieldError[] {
  return [
    ...refuseOthers(context, features["kubernetes.podspec-securitycontext"] === "Disabled" ? [] : POD_FIELDS),
    ...validateId(context.runAsUser, "runAsUser"),
    ...validateId(context.runAsGroup, "runAsGroup"),
    ...validateId(context.fsGroup, "fsGroup"),
    ...(context.supplementalGroups ?? []).flatMap((id, i) => validateId(id, `supplementalGroups[${i}]`)),
  ];
}

/** Kubernetes' restricted profile, where the template says nothing else. */
export function defaultSecurityContext(
  container: Container,
  pod: PodSecurityContext = {},
  features: FeaturesConfig,
): Container {
  if (features["secure-pod-defaults"] !== "Enabled") return container;
  const context = container.securityContext ?? {};
  const takesLowPort = (container.ports ?? []).some((port) => (port.containerPort ?? 0) < FIRST_UNPRIVILEGED_PORT);
  const isSeccompOpen = !pod.seccompProfile?.type && !context.seccompProfile?.type;
  return {
    ...container,
    securityContext: {
      ...context,
      allowPrivilegeEscalation: context.allowPrivilegeEscalation ?? false,
      ...(isSeccompOpen ? { seccompProfile: { ...context.seccompProfile, type: "RuntimeDefault" } } : {}),
      capabilities: context.capabilities ?? {
        drop: ["ALL"],
        ...(takesLowPort ? { add: [LOW_PORT_CAPABILITY] } : {}),
      },
      ...(pod.runAsNonRoot === undefined ? { runAsNonRoot: context.runAsNonRoot ?? true } : {}),
    },
  };
}

function validateCapabilities(
  capabilities: NonNullable<SecurityContext["capabilities"]>,
  features: FeaturesConfig,
): FieldError[] {
  const added = capabilities.add ?? [];
  // The only one that secure-pod-defaults itself adds.
  const isOwn = features["secure-pod-defaults"] === "Enabled" && added.every((name) => name === LOW_PORT_CAPABILITY);
  const isAllowed = features["kubernetes.containerspec-addcapabilities"] !== "Disabled" || isOwn;
  return refuseOthers(capabilities, isAllowed ? ["drop", "add"] : ["drop"]);
}

function validateId(id: number | undefined, path: string): FieldError[] {
  return id !== undefined && (id < 0 || id > MAX_ID) ? [outOfBounds(id, 0, MAX_ID, path)] : [];
}
