/**
 * What one container of a template must be, by its role in the pod.
 * Source: Knative's k8s_validation.go (ValidateUserContainer, validateSidecarContainer, validateInitContainer), fieldmask.go
 */
import type { FeaturesConfig } from "../config/features-config.ts";
import { isDns1123Label } from "../name.ts";
import type { Container, ContainerPort, ResourceRequirements } from "./container.ts";
import { validateEnv, validateEnvFrom } from "./env-validation.ts";
import { at, type FieldError, generic, invalidValue, missingField, outOfBounds } from "./field-error.ts";
import { isImageReference } from "./image-reference.ts";
import { type ProbedPort, refuseProbe, validateProbe, validateReadinessProbe } from "./probe-validation.ts";
import { quantityProblem } from "./quantity.ts";
import { refuseFields, refuseOthers } from "./refused-fields.ts";
import { validateSecurityContext } from "./security-context.ts";
import { type VolumesByName, validateMounts } from "./volume-validation.ts";

/**
 *   serving  takes the requests, on `port`
 *   sidecar  runs beside it, and may have probes with the feature multi-container-probing
 *   init     runs to its end before them
 */
export type ContainerRole = "serving" | "sidecar" | "init";

export type PodContext = { readonly volumes: VolumesByName; readonly features: FeaturesConfig };

/** @returns problems with paths relative to the container */
export function validateContainer(container: Container, role: ContainerRole, context: PodContext): FieldError[] {
  const { features, volumes } = context;
  const isFieldRefAllowed = features["kubernetes.podspec-fieldref"] !== "Disabled";
  return [
    ...refuseFields(container, FIELDS_NEVER),
    ...validateName(container.name ?? ""),
    ...validateImage(container.image ?? ""),
    ...validateEnv(container.env ?? [], role === "serving", isFieldRefAllowed),
    ...validateEnvFrom(container.envFrom ?? []),
    ...at("ports", validatePorts(container.ports ?? [], role)),
    ...validateProbes(container, role, features),
    ...at("resources", validateResources(container.resources ?? {})),
    ...at("securityContext", validateSecurityContext(container.securityContext ?? {}, features)),
    ...validateTerminationPolicy(container.terminationMessagePolicy ?? ""),
    ...validateMounts(container.volumeMounts ?? [], volumes),
  ];
}

const FIELDS_NEVER = ["lifecycle", "stdin", "stdinOnce", "tty", "volumeDevices", "restartPolicy", "resizePolicy"];

/** A name that no pod could have is refused here: Knative lets the API server say so when the pod is made. */
function validateName(name: string): FieldError[] {
  if (name !== "" && !isDns1123Label(name)) return [invalidValue(name, "name")];
  return name === "queue-proxy" ? [generic(`${JSON.stringify(name)} is a reserved container name`, "name")] : [];
}

function validateImage(image: string): FieldError[] {
  if (image === "") return [missingField("image")];
  if (isImageReference(image)) return [];
  const details = `image: ${JSON.stringify(image)}, error: could not parse reference: ${image}`;
  return [generic("Failed to parse image reference", "image", details)];
}

/** Ports of Knative's queue-proxy: data, metrics, probes, profiling. */
const RESERVED_PORTS = [8008, 8012, 8013, 8022, 9090, 9091];
const PORT_NAMES = ["", "h2c", "http1"];

/** Paths without the place in the list, as Knative gives them: of several, only the first is looked at. */
function validatePorts(ports: readonly ContainerPort[], role: ContainerRole): FieldError[] {
  const [first] = ports;
  if (first === undefined) return [];
  if (role === "init") return ports.flatMap(validatePortNumber);
  const { name = "", protocol = "" } = first;
  return [
    ...validatePortNumber(first),
    ...(protocol === "" || protocol === "TCP" ? [] : [invalidValue(protocol, "protocol")]),
    ...(PORT_NAMES.includes(name)
      ? []
      : [generic(`Port name ${name} is not allowed`, "", "Name must be empty, or one of: 'h2c', 'http1'")]),
  ];
}

function validatePortNumber(port: ContainerPort): FieldError[] {
  const { containerPort = 0 } = port;
  const reserved = `${containerPort} is a reserved port`;
  return [
    ...refuseFields(port, ["hostPort", "hostIP"]),
    ...(RESERVED_PORTS.includes(containerPort)
      ? [invalidValue(reserved, "containerPort", `${reserved}, please use a different value`)]
      : []),
    ...(containerPort < 0 || containerPort > 65535 ? [outOfBounds(containerPort, 0, 65535, "containerPort")] : []),
  ];
}

const PROBES = ["livenessProbe", "readinessProbe", "startupProbe"] as const;

function validateProbes(container: Container, role: ContainerRole, features: FeaturesConfig): FieldError[] {
  const isProbed = role === "serving" || features["multi-container-probing"] === "Enabled";
  const port: ProbedPort = role === "serving" ? (container.ports?.[0] ?? {}) : null;
  return PROBES.flatMap((name) => {
    const probe = container[name];
    if (probe === undefined) return [];
    if (role === "init") return [generic("field not allowed in an init container", name)];
    if (!isProbed) return at(name, refuseProbe(probe));
    return at(name, name === "readinessProbe" ? validateReadinessProbe(probe, port) : validateProbe(probe, port));
  });
}

function validateResources(resources: ResourceRequirements): FieldError[] {
  return [
    ...refuseOthers(resources, ["limits", "requests"]),
    ...(["limits", "requests"] as const).flatMap((kind) =>
      Object.entries(resources[kind] ?? {}).flatMap(([name, quantity]) => {
        const problem = quantityProblem(quantity);
        return problem === null ? [] : [invalidValue(quantity, `${kind}.${name}`, problem)];
      }),
    ),
  ];
}

function validateTerminationPolicy(policy: string): FieldError[] {
  const isKnown = ["", "File", "FallbackToLogsOnError"].includes(policy);
  return isKnown ? [] : [invalidValue(policy, "terminationMessagePolicy")];
}
