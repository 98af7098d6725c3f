/**
 * What is filled in for containers. Applied twice it changes nothing: clients send back containers with an empty name and
 * without a probe, and that must give the same spec again.
 * Source: Knative's revision_defaults.go
 */
import type { Config } from "../config/config.ts";
import { childName } from "../name.ts";
import type { Container, ContainerProbe, ResourceRequirements } from "./container.ts";
import type { RevisionSpec } from "./pod-spec.ts";
import { defaultSecurityContext } from "./security-context.ts";
import type { Volume } from "./volume.ts";
import { isWritable } from "./volume-validation.ts";

/** The names for containers that have none. */
export type ContainerNames = { readonly user: string; readonly init: string };

/** @returns the containers of both lists; `initContainers` stays absent when it was */
export function defaultContainers(
  spec: RevisionSpec,
  names: ContainerNames,
  { defaults, features }: Pick<Config, "defaults" | "features">,
): Pick<RevisionSpec, "containers" | "initContainers"> {
  const containers = spec.containers ?? [];
  const { initContainers, volumes = [] } = spec;
  const taken = [...containers, ...(initContainers ?? [])].map(({ name }) => name ?? "");
  const isAlone = containers.length === 1;
  return {
    containers: nameContainers(containers, names.user, taken).map((container) => {
      const isServing = isAlone || (container.ports?.length ?? 0) > 0;
      const complete = {
        ...container,
        resources: defaultResources(container.resources ?? {}, defaults),
        ...defaultProbes(container, isServing),
        ...defaultMounts(container, volumes),
      };
      return defaultSecurityContext(complete, spec.securityContext, features);
    }),
    ...(initContainers === undefined
      ? {}
      : {
          initContainers: nameContainers(initContainers, names.init, taken).map((container) =>
            defaultSecurityContext(container, spec.securityContext, features),
          ),
        }),
  };
}

/** The only container of a list gets the name itself; others, and where it is taken, one with a number. */
function nameContainers(containers: readonly Container[], name: string, taken: readonly string[]): Container[] {
  let count = 0;
  const nextName = () => {
    if (containers.length === 1 && !taken.includes(name)) return name;
    let next: string;
    do next = childName(name, `-${count++}`);
    while (taken.includes(next));
    return next;
  };
  return containers.map((container) => ({ ...container, name: container.name || nextName() }));
}

const RESOURCES = ["cpu", "memory", "ephemeral-storage"];

function defaultResources(resources: ResourceRequirements, defaults: Config["defaults"]): ResourceRequirements {
  const { limits, requests, ...rest } = resources;
  const fill = (kind: "limits" | "requests") => {
    const missing = Object.entries(defaults[kind]).filter(([name]) => RESOURCES.includes(name));
    const filled = { ...Object.fromEntries(missing), ...resources[kind] };
    // An empty list is written as none.
    return Object.keys(filled).length === 0 ? {} : { [kind]: filled };
  };
  return { ...rest, ...fill("limits"), ...fill("requests") };
}

function defaultProbes(container: Container, isServing: boolean): Partial<Container> {
  const readinessProbe = isServing ? withHandler(container.readinessProbe ?? {}) : container.readinessProbe;
  return {
    ...(readinessProbe ? { readinessProbe: withThresholds(withGrpcService(readinessProbe)) } : {}),
    ...(container.livenessProbe ? { livenessProbe: withGrpcService(container.livenessProbe) } : {}),
    ...(container.startupProbe ? { startupProbe: withGrpcService(container.startupProbe) } : {}),
  };
}

function withHandler(probe: ContainerProbe): ContainerProbe {
  const handler = probe.httpGet ?? probe.tcpSocket ?? probe.exec ?? probe.grpc;
  return handler === undefined ? { ...probe, tcpSocket: { port: 0 } } : probe;
}

function withThresholds(probe: ContainerProbe): ContainerProbe {
  return {
    ...probe,
    successThreshold: probe.successThreshold || 1,
    ...(probe.periodSeconds
      ? { failureThreshold: probe.failureThreshold || 3, timeoutSeconds: probe.timeoutSeconds || 1 }
      : {}),
  };
}

function withGrpcService(probe: ContainerProbe): ContainerProbe {
  return probe.grpc === undefined ? probe : { ...probe, grpc: { ...probe.grpc, service: probe.grpc.service ?? "" } };
}

function defaultMounts(container: Container, volumes: readonly Volume[]): Partial<Container> {
  const { volumeMounts } = container;
  if (volumeMounts === undefined) return {};
  const writable = new Set(volumes.filter(isWritable).map(({ name }) => name));
  return {
    volumeMounts: volumeMounts.map((mount) => (writable.has(mount.name) ? mount : { ...mount, readOnly: true })),
  };
}
