/** What a readiness probe must be. A port may be left out: it is then the container's own. */
import { at, disallowedField, type FieldError, invalidValue, multipleOneOf, outOfBounds } from "./field-error.ts";
import type { Container, ContainerProbe } from "./pod-spec.ts";

const HANDLERS = ["httpGet", "tcpSocket", "exec", "grpc"] as const;

/** @returns problems with paths relative to the container */
export function validateReadinessProbe(container: Container): FieldError[] {
  const probe = container.readinessProbe;
  if (probe === undefined) return [];
  return at("readinessProbe", [
    ...validateHandler(probe),
    ...validateProbePort(probe, container),
    ...validateProbeTimes(probe),
  ]);
}

function validateHandler(probe: ContainerProbe): FieldError[] {
  const handlers = HANDLERS.filter((handler) => probe[handler] !== undefined);
  if (handlers.length > 1) return [multipleOneOf(...handlers)];
  return handlers
    .filter((handler) => handler === "exec" || handler === "grpc")
    .map((handler) => disallowedField(handler, "this version probes with httpGet and tcpSocket"));
}

function validateProbePort(probe: ContainerProbe, container: Container): FieldError[] {
  const [handler, port] = probe.httpGet
    ? (["httpGet", probe.httpGet.port] as const)
    : (["tcpSocket", probe.tcpSocket?.port] as const);
  if (port === undefined || port === 0 || port === "") return [];
  const own = container.ports?.[0];
  const isOwn = port === (own?.containerPort || 8080) || (own?.name !== undefined && port === own.name);
  return isOwn ? [] : [invalidValue(port, `${handler}.port`, "May only probe containerPort")];
}

function validateProbeTimes(probe: ContainerProbe): FieldError[] {
  const errors: FieldError[] = [];
  const check = (name: keyof ContainerProbe & `${string}Seconds`, low: number) => {
    const value = probe[name];
    if (value !== undefined && (value < low || value > MAX_SEC)) errors.push(outOfBounds(value, low, MAX_SEC, name));
  };
  check("initialDelaySeconds", 0);
  check("periodSeconds", 0);
  if ((probe.periodSeconds ?? 0) === 0) {
    const why = "must not be set when periodSeconds is 0: the probe then runs as fast as it can until it succeeds";
    if (probe.failureThreshold) errors.push(disallowedField("failureThreshold", why));
    if (probe.timeoutSeconds) errors.push(disallowedField("timeoutSeconds", why));
  } else {
    check("timeoutSeconds", 1);
    if ((probe.failureThreshold ?? 1) < 1)
      errors.push(outOfBounds(probe.failureThreshold ?? 0, 1, MAX_COUNT, "failureThreshold"));
  }
  if ((probe.successThreshold ?? 1) < 1)
    errors.push(outOfBounds(probe.successThreshold ?? 0, 1, MAX_COUNT, "successThreshold"));
  return errors;
}

/** int32, the type of these fields in Kubernetes. */
const MAX_COUNT = 2 ** 31 - 1;
const MAX_SEC = MAX_COUNT;
