/**
 * What is filled in when a client leaves it out, before validation and before the generation rule: writing an object
 * back unchanged must give the same spec.
 * Source: Knative's *_defaults.go; values of ConfigMap config-defaults
 */
import type { Config } from "../config/config.ts";
import { containerName } from "../config/defaults-config.ts";
import { type ContainerNames, defaultContainers } from "./container-defaults.ts";
import type { SpecOwner } from "./kind-rule.ts";
import type { RevisionSpec, RevisionTemplate } from "./pod-spec.ts";
import type { RouteSpec, ServiceSpec, TrafficTarget } from "./serving.ts";

/** What holds for a stored revision that does not say its timeout; config-defaults out of the box. */
export const DEFAULT_TIMEOUT_SEC = 300;

/**
 * @param owner of the template, after whom containers may be named
 * @param previous the stored spec on an update, null on create. A template that brings its own revision name and keeps
 *   it is left alone, since that revision exists and must not seem to have changed.
 */
export function defaultServiceSpec(
  spec: Partial<ServiceSpec>,
  previous: ServiceSpec | null,
  config: Config,
  owner: SpecOwner,
): ServiceSpec {
  const traffic = spec.traffic?.length ? spec.traffic : [{ latestRevision: true, percent: 100 }];
  return {
    ...spec,
    template: defaultTemplate(spec.template, previous?.template ?? null, config, owner),
    traffic: traffic.map(defaultTarget),
  };
}

export function defaultRouteSpec(spec: RouteSpec): RouteSpec {
  return spec.traffic === undefined ? spec : { ...spec, traffic: spec.traffic.map(defaultTarget) };
}

/** See defaultServiceSpec for `previous` and `owner`. */
export function defaultTemplate(
  template: Partial<RevisionTemplate> | undefined,
  previous: RevisionTemplate | null,
  config: Config,
  owner: SpecOwner,
): RevisionTemplate {
  const spec: RevisionSpec = { ...template?.spec, containers: template?.spec?.containers ?? [] };
  const name = template?.metadata?.name ?? "";
  const isKeptName = name !== "" && previous?.metadata?.name === name;
  if (isKeptName) return { ...template, spec };
  const { containerNameTemplate, initContainerNameTemplate } = config.defaults;
  const names = {
    user: containerName(containerNameTemplate, owner),
    init: containerName(initContainerNameTemplate, owner),
  };
  return { ...template, spec: defaultRevisionSpec(spec, previous === null, names, config) };
}

/**
 * A limit for the first byte or for silence is only filled in where it is shorter than the timeout of the whole request:
 * otherwise that comes first anyway.
 */
function defaultRevisionSpec(
  spec: RevisionSpec,
  isCreate: boolean,
  names: ContainerNames,
  config: Config,
): RevisionSpec {
  const { defaults } = config;
  const timeoutSeconds = spec.timeoutSeconds || defaults.revisionTimeoutSec;
  const shorter = (limitSec: number) => limitSec > 0 && limitSec < timeoutSeconds;
  const responseStartSec = defaults.revisionResponseStartTimeoutSec ?? defaults.revisionTimeoutSec;
  const idleSec = defaults.revisionIdleTimeoutSec;
  const hasLinks = isCreate && spec.enableServiceLinks === undefined && defaults.enableServiceLinks !== null;
  return {
    ...spec,
    timeoutSeconds,
    containerConcurrency: spec.containerConcurrency ?? defaults.containerConcurrency,
    ...(spec.responseStartTimeoutSeconds === undefined && shorter(responseStartSec)
      ? { responseStartTimeoutSeconds: responseStartSec }
      : {}),
    ...(spec.idleTimeoutSeconds === undefined && shorter(idleSec) ? { idleTimeoutSeconds: idleSec } : {}),
    ...(hasLinks ? { enableServiceLinks: defaults.enableServiceLinks ?? false } : {}),
    ...defaultContainers(spec, names, config),
  };
}

function defaultTarget(target: TrafficTarget): TrafficTarget {
  return {
    ...target,
    latestRevision: target.latestRevision ?? (target.revisionName ?? "") === "",
    percent: target.percent ?? 0,
  };
}
