/**
 * What probes must be. That of the container with the port may leave the port out: it is then its own. Others have to
 * name theirs.
 * Source: Knative's k8s_validation.go (validateProbe, validateReadinessProbe)
 */
import type { ContainerPort, ContainerProbe } from "./container.ts";
import {
  at,
  disallowedField,
  type FieldError,
  generic,
  invalidValue,
  missingOneOf,
  multipleOneOf,
  outOfBounds,
} from "./field-error.ts";
import { refuseOthers } from "./refused-fields.ts";

/** The port of requests; null for a container that has none. */
export type ProbedPort = Pick<ContainerPort, "name"> | null;

const HANDLERS = ["httpGet", "tcpSocket", "exec", "grpc"] as const;
const COUNTS = [
  "initialDelaySeconds",
  "periodSeconds",
  "timeoutSeconds",
  "successThreshold",
  "failureThreshold",
] as const;
/** int32, the type of these fields in Kubernetes. */
const MAX = 2 ** 31 - 1;
/** The name of a port that has none. */
const DEFAULT_PORT_NAME = "http";

/** @returns problems with paths relative to the probe */
export function validateProbe(probe: ContainerProbe, port: ProbedPort): FieldError[] {
  const handlers = HANDLERS.filter((handler) => probe[handler] !== undefined);
  return [
    ...refuseOthers(probe, [...HANDLERS, ...COUNTS]),
    ...(handlers.length === 0 ? [missingOneOf(...HANDLERS)] : []),
    ...(handlers.length > 1 ? [multipleOneOf(...handlers)] : []),
    ...at("httpGet", validatePort(probe.httpGet, port)),
    ...at("tcpSocket", validatePort(probe.tcpSocket, port)),
  ];
}

/** A readiness probe may also be aggressive (period 0): then it is asked as often as it takes, so there is nothing to count. */
export function validateReadinessProbe(probe: ContainerProbe, port: ProbedPort): FieldError[] {
  const { periodSeconds = 0, timeoutSeconds = 0, failureThreshold = 0 } = probe;
  return [
    ...validateProbe(probe, port),
    ...atLeast(0, periodSeconds, "periodSeconds"),
    ...atLeast(0, probe.initialDelaySeconds ?? 0, "initialDelaySeconds"),
    ...atLeast(1, probe.successThreshold ?? 0, "successThreshold"),
    ...(periodSeconds === 0
      ? [
          ...disallowedWithoutPeriod(failureThreshold, "failureThreshold"),
          ...disallowedWithoutPeriod(timeoutSeconds, "timeoutSeconds"),
        ]
      : [...atLeast(1, timeoutSeconds, "timeoutSeconds"), ...atLeast(1, failureThreshold, "failureThreshold")]),
  ];
}

/** Every field of a probe that may not be there at all; the probe itself stands for its handler. */
export function refuseProbe(probe: ContainerProbe): FieldError[] {
  const hasHandler = HANDLERS.some((handler) => probe[handler] !== undefined);
  return [...(hasHandler ? [disallowedField("")] : []), ...refuseOthers(probe, HANDLERS)];
}

function validatePort(handler: { readonly port?: number | string } | undefined, own: ProbedPort): FieldError[] {
  if (handler === undefined) return [];
  const port = handler.port ?? 0;
  if (own === null) return port === 0 ? [invalidValue(port, "port", "Probe port must be specified")] : [];
  if (typeof port === "number" || port === "" || port === (own.name || DEFAULT_PORT_NAME)) return [];
  return [invalidValue(port, "port", "Probe port must match container port")];
}

function atLeast(low: number, value: number, path: string): FieldError[] {
  return value < low ? [outOfBounds(value, low, MAX, path)] : [];
}

function disallowedWithoutPeriod(value: number, path: string): FieldError[] {
  return value === 0 ? [] : [generic(`${path} is disallowed when periodSeconds is zero`, path)];
}
