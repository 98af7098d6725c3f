/**
 * What is filled in when a client leaves it out, before validation and before the generation rule: writing an object
 * back unchanged must give the same spec. Source: Knative's *_defaults.go with config-defaults out of the box.
 */
import type { DefaultsConfig } from "../config/defaults-config.ts";
import type { Container, ContainerProbe, RevisionSpec, RevisionTemplate } from "./pod-spec.ts";
import type { RouteSpec, ServiceSpec, TrafficTarget } from "./serving.ts";

export const DEFAULT_TIMEOUT_SEC = 300;
export const DEFAULT_CONTAINER_NAME = "user-container";

/**
 * @param previous the stored spec on an update, null on create. A template that brings its own revision name and keeps
 *   it is left alone, since that revision exists and must not seem to have changed.
 */
export function defaultServiceSpec(
  spec: ServiceSpec,
  previous: ServiceSpec | null,
  defaults: DefaultsConfig,
): ServiceSpec {
  const traffic = spec.traffic?.length ? spec.traffic : [{ latestRevision: true, percent: 100 }];
  return {
    ...spec,
    template: defaultTemplate(spec.template, previous?.template ?? null, defaults),
    traffic: traffic.map(defaultTarget),
  };
}

export function defaultRouteSpec(spec: RouteSpec): RouteSpec {
  return spec.traffic === undefined ? spec : { ...spec, traffic: spec.traffic.map(defaultTarget) };
}

/** See defaultServiceSpec for `previous`. */
export function defaultTemplate(
  template: RevisionTemplate,
  previous: RevisionTemplate | null,
  defaults: DefaultsConfig,
): RevisionTemplate {
  const name = template?.metadata?.name ?? "";
  if (name !== "" && previous?.metadata?.name === name) return template;
  return { ...template, spec: defaultRevisionSpec(template?.spec ?? { containers: [] }, previous === null, defaults) };
}

function defaultRevisionSpec(spec: RevisionSpec, isCreate: boolean, defaults: DefaultsConfig): RevisionSpec {
  const timeoutSeconds = spec.timeoutSeconds || defaults.revisionTimeoutSec;
  return {
    ...spec,
    timeoutSeconds,
    containerConcurrency: spec.containerConcurrency ?? defaults.containerConcurrency,
    ...(spec.responseStartTimeoutSeconds === undefined && DEFAULT_TIMEOUT_SEC < timeoutSeconds
      ? { responseStartTimeoutSeconds: DEFAULT_TIMEOUT_SEC }
      : {}),
    ...(isCreate && spec.enableServiceLinks === undefined ? { enableServiceLinks: false } : {}),
    containers: defaultContainers(spec.containers ?? []),
  };
}

function defaultContainers(containers: readonly Container[]): Container[] {
  const taken = new Set(containers.map((container) => container.name));
  let count = 0;
  const nextName = () => {
    if (containers.length === 1) return DEFAULT_CONTAINER_NAME;
    let name: string;
    do name = `${DEFAULT_CONTAINER_NAME}-${count++}`;
    while (taken.has(name));
    return name;
  };
  return containers.map((container) => {
    const takesRequests = containers.length === 1 || (container.ports?.length ?? 0) > 0;
    return {
      ...container,
      name: container.name || nextName(),
      resources: container.resources ?? {},
      ...(takesRequests ? { readinessProbe: defaultProbe(container.readinessProbe) } : {}),
    };
  });
}

function defaultProbe(probe: ContainerProbe = {}): ContainerProbe {
  const hasHandler = probe.httpGet ?? probe.tcpSocket ?? probe.exec ?? probe.grpc;
  const isPeriodic = (probe.periodSeconds ?? 0) > 0;
  return {
    ...probe,
    ...(hasHandler === undefined ? { tcpSocket: { port: 0 } } : {}),
    successThreshold: probe.successThreshold || 1,
    ...(isPeriodic ? { failureThreshold: probe.failureThreshold || 3, timeoutSeconds: probe.timeoutSeconds || 1 } : {}),
  };
}

function defaultTarget(target: TrafficTarget): TrafficTarget {
  return {
    ...target,
    latestRevision: target.latestRevision ?? (target.revisionName ?? "") === "",
    percent: target.percent ?? 0,
  };
}
