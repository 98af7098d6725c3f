/** One container from flags. */
import { usage } from "../cli-error.ts";
import { assign, parseAssignments, splitList } from "./assignments.ts";
import {
  type Container,
  orAbsent,
  type PodSpec,
  type Resources,
  type TextMap,
  withMember,
} from "./editable-service.ts";
import { editReferences, editSources, editVariables } from "./environment.ts";
import { editProbe, editProbeTiming } from "./probe.ts";
import type { ServiceFlags } from "./service-flags.ts";
import { editMounts, editVolumes, type Files } from "./volumes.ts";

/** Flags speak of the first container; what stands beside it is left alone. */
export function editPodSpec(spec: PodSpec, flags: ServiceFlags): PodSpec {
  const [first = {}, ...others] = spec.containers;
  const files = editFiles({ mounts: first.volumeMounts ?? [], volumes: spec.volumes ?? [] }, flags);
  const container = withMember(editContainer(first, flags), "volumeMounts", orAbsent(files.mounts));
  let edited: PodSpec = { ...spec, containers: [container, ...others] };
  edited = withMember(edited, "volumes", orAbsent(files.volumes));
  if (flags.concurrencyLimit !== undefined) edited = { ...edited, containerConcurrency: flags.concurrencyLimit };
  if (flags.timeout !== undefined) edited = { ...edited, timeoutSeconds: flags.timeout };
  if (flags.serviceAccount !== undefined) {
    edited = withMember(edited, "serviceAccountName", flags.serviceAccount || undefined);
  }
  if (flags.pullSecret !== undefined) {
    edited = withMember(edited, "imagePullSecrets", flags.pullSecret === "" ? undefined : [{ name: flags.pullSecret }]);
  }
  return edited;
}

function editContainer(container: Container, flags: ServiceFlags): Container {
  let edited = container;
  if (flags.image !== undefined) edited = { ...edited, image: flags.image };
  if (flags.cmd !== undefined) edited = { ...edited, command: flags.cmd };
  if (flags.arg !== undefined) edited = { ...edited, args: flags.arg };
  if (flags.workdir !== undefined) edited = withMember(edited, "workingDir", flags.workdir || undefined);
  if (flags.port !== undefined) edited = { ...edited, ports: [parsePort(flags.port)] };
  if (flags.user !== undefined) {
    edited = { ...edited, securityContext: { ...edited.securityContext, runAsUser: flags.user } };
  }
  return editProbes(editResources(editEnvironment(edited, flags), flags), flags);
}

function editEnvironment(container: Container, { env, envValueFrom, envFrom }: ServiceFlags): Container {
  let edited = container;
  if (env !== undefined) {
    edited = withMember(edited, "env", orAbsent(editVariables(edited.env ?? [], parseAssignments("--env", env))));
  }
  if (envValueFrom !== undefined) {
    const references = parseAssignments("--env-value-from", envValueFrom);
    edited = withMember(edited, "env", orAbsent(editReferences(edited.env ?? [], references)));
  }
  if (envFrom !== undefined)
    edited = withMember(edited, "envFrom", orAbsent(editSources(edited.envFrom ?? [], envFrom)));
  return edited;
}

function editResources(container: Container, { request, limit }: ServiceFlags): Container {
  if (request === undefined && limit === undefined) return container;
  let resources: Resources = container.resources ?? {};
  if (request !== undefined) {
    resources = withMember(resources, "requests", quantities("--request", resources.requests, request));
  }
  if (limit !== undefined) resources = withMember(resources, "limits", quantities("--limit", resources.limits, limit));
  return { ...container, resources };
}

function quantities(flag: string, map: TextMap | undefined, values: readonly string[]): TextMap | undefined {
  return assign(map, parseAssignments(flag, splitList(values)));
}

function editProbes(container: Container, flags: ServiceFlags): Container {
  let edited = container;
  for (const [member, flag, handler, timing] of [
    ["livenessProbe", "--probe-liveness", flags.probeLiveness, flags.probeLivenessOpts],
    ["readinessProbe", "--probe-readiness", flags.probeReadiness, flags.probeReadinessOpts],
  ] as const) {
    if (handler !== undefined) edited = { ...edited, [member]: editProbe(edited[member], flag, handler) };
    if (timing !== undefined) edited = { ...edited, [member]: editProbeTiming(edited[member], `${flag}-opts`, timing) };
  }
  return edited;
}

function editFiles(files: Files, { volume, mount }: ServiceFlags): Files {
  const withVolumes = volume === undefined ? files : editVolumes(files, parseAssignments("--volume", volume));
  return mount === undefined ? withVolumes : editMounts(withVolumes, parseAssignments("--mount", mount));
}

/** `8080`, or `h2c:8080` with the protocol as the port's name. */
function parsePort(text: string): { readonly name?: string; readonly containerPort: number } {
  const [, name, port] = /^(?:([a-z0-9-]*):)?(\d+)$/.exec(text) ?? [];
  if (port === undefined) throw usage(`--port expects PORT or NAME:PORT, such as h2c:8080; given '${text}'`);
  return { ...(name ? { name } : {}), containerPort: Number(port) };
}
