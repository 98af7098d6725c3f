/** What the container of a template must be; see template-validation.ts. */
import { at, disallowedField, type FieldError, invalidValue, missingField, outOfBounds } from "./field-error.ts";
import type { Container, ContainerPort, EnvVar } from "./pod-spec.ts";
import { validateReadinessProbe } from "./probe-validation.ts";
import { NOT_YET, refuseFields } from "./refused-fields.ts";

/** Ports of the queue-proxy: the data, metrics and probe ports of Knative's and ours. */
const RESERVED_PORTS: ReadonlySet<number> = new Set([8008, 8012, 8013, 8022, 9090, 9091]);
const RESERVED_ENV: ReadonlySet<string> = new Set(["PORT", "K_SERVICE", "K_CONFIGURATION", "K_REVISION"]);
const RESERVED_CONTAINER_NAME = "queue-proxy";
const PORT_NAMES: ReadonlySet<string> = new Set(["", "h2c", "http1"]);
/** distribution/reference, loosely: `[registry[:port]/]path[:tag][@digest]`. */
const IMAGE =
  /^([A-Za-z0-9.-]+(:[0-9]+)?\/)?[a-z0-9]+([._/-]+[a-z0-9]+)*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[a-f0-9]{64})?$/;

/** @returns problems with paths relative to the container */
export function validateContainer(container: Container): FieldError[] {
  return [
    ...validateImage(container.image ?? ""),
    ...validateEnv(container.env ?? []),
    ...validatePorts(container.ports ?? []),
    ...validateReadinessProbe(container),
    ...(container.name === RESERVED_CONTAINER_NAME
      ? [{ message: `${RESERVED_CONTAINER_NAME} is a reserved container name`, paths: ["name"] }]
      : []),
    ...refuseFields(container, FIELDS_NEVER),
    ...refuseFields(container, FIELDS_NOT_YET, NOT_YET),
  ];
}

function validateImage(image: string): FieldError[] {
  if (image === "") return [missingField("image")];
  return IMAGE.test(image) ? [] : [{ message: "Failed to parse image reference", paths: ["image"], details: image }];
}

function validateEnv(env: readonly EnvVar[]): FieldError[] {
  return env.flatMap((variable, i) => at(`env[${i}]`, validateVariable(variable)));
}

function validateVariable({ name, valueFrom }: EnvVar): FieldError[] {
  if ((name ?? "") === "") return [missingField("name")];
  const errors: FieldError[] = [];
  if (RESERVED_ENV.has(name)) {
    errors.push({ message: `${JSON.stringify(name)} is a reserved environment variable`, paths: ["name"] });
  }
  if (name.includes("=") || name.includes("\0")) errors.push(invalidValue(name, "name", "must not contain '='"));
  if (valueFrom !== undefined) {
    errors.push(
      disallowedField("valueFrom", "references to ConfigMaps, Secrets and fields are not supported by this version"),
    );
  }
  return errors;
}

function validatePorts(ports: readonly ContainerPort[]): FieldError[] {
  if (ports.length > 1) {
    return [
      {
        message: "more than one container port is set",
        paths: ["ports"],
        details: "Only a single port is allowed across all containers",
      },
    ];
  }
  return ports.flatMap((port, i) => at(`ports[${i}]`, validatePort(port)));
}

function validatePort(port: ContainerPort): FieldError[] {
  const errors: FieldError[] = refuseFields(port, ["hostPort", "hostIP"]);
  const number = port.containerPort ?? 0;
  if (RESERVED_PORTS.has(number)) {
    errors.push({ message: `${number} is a reserved port`, paths: ["containerPort"] });
  } else if (number < 0 || number > 65535) errors.push(outOfBounds(number, 0, 65535, "containerPort"));
  if (!PORT_NAMES.has(port.name ?? "")) {
    errors.push({
      message: `Port name ${port.name} is not allowed`,
      paths: ["name"],
      details: "Name must be empty, or one of: 'h2c', 'http1'",
    });
  }
  if ((port.protocol ?? "") !== "" && port.protocol !== "TCP") errors.push(invalidValue(port.protocol, "protocol"));
  return errors;
}

const FIELDS_NEVER = ["lifecycle", "stdin", "stdinOnce", "tty", "volumeDevices"];
const FIELDS_NOT_YET = ["envFrom", "volumeMounts", "securityContext", "livenessProbe", "startupProbe"];
