/**
 * What a template asks for beyond a command with an environment and a port. The API takes all that Knative takes; whether
 * a driver can do it is for the driver to say, so each of these is named with the field that asks for it.
 *
 * Not in the list, since they make no difference to what runs: resources (a driver that has limits sets them), rights that
 * are taken away (capabilities.drop, allowPrivilegeEscalation: false, seccompProfile, runAsNonRoot), imagePullSecrets,
 * serviceAccountName, and the namespaces of the host, which a process shares anyway.
 */
import type { PodFeature } from "../protocol/pod.ts";
import type { Container, ContainerProbe, SecurityContext } from "../resource/container.ts";
import { type RevisionSpec, servingContainerIndex } from "../resource/pod-spec.ts";

/** Where the spec of a Revision stands in the manifest that people edit. */
const SPEC_PATH = "spec.template.spec";

/** In the order of the manifest; empty for most revisions. */
export function podFeatures(spec: RevisionSpec): PodFeature[] {
  const serving = servingContainerIndex(spec.containers);
  return [
    ...spec.containers.flatMap((container, i) => {
      const path = `${SPEC_PATH}.containers[${i}]`;
      return i === serving ? servingFeatures(container, path) : [{ feature: "sidecar" as const, field: path }];
    }),
    ...(spec.initContainers ?? []).map((_, i) => feature("init-container", `${SPEC_PATH}.initContainers[${i}]`)),
    ...schedulingFeatures(spec),
    ...securityFeatures(spec.securityContext ?? {}, `${SPEC_PATH}.securityContext`),
  ];
}

function servingFeatures(container: Container, path: string): PodFeature[] {
  const port = container.ports?.[0]?.containerPort;
  return [
    ...(container.env ?? []).flatMap(({ valueFrom }, i) =>
      valueFrom?.fieldRef || valueFrom?.resourceFieldRef
        ? [feature("field-reference", `${path}.env[${i}].valueFrom`)]
        : [],
    ),
    ...(container.volumeMounts ?? []).map((_, i) => feature("volume", `${path}.volumeMounts[${i}]`)),
    ...readinessFeatures(container.readinessProbe ?? {}, port || DEFAULT_CONTAINER_PORT, `${path}.readinessProbe`),
    ...(container.livenessProbe ? [feature("liveness-probe", `${path}.livenessProbe`)] : []),
    ...(container.startupProbe ? [feature("startup-probe", `${path}.startupProbe`)] : []),
    ...securityFeatures(container.securityContext ?? {}, `${path}.securityContext`),
  ];
}

export const DEFAULT_CONTAINER_PORT = 8080;

/** A port by name is the container's own; validation let no other through. */
function readinessFeatures(probe: ContainerProbe, containerPort: number, path: string): PodFeature[] {
  if (probe.exec) return [feature("exec-probe", `${path}.exec`)];
  if (probe.grpc) return [feature("grpc-probe", `${path}.grpc`)];
  return (["httpGet", "tcpSocket"] as const).flatMap((handler) => {
    const port = probe[handler]?.port || containerPort;
    const isOther = typeof port === "number" && port !== containerPort;
    return isOther ? [feature("probe-of-other-port", `${path}.${handler}.port`)] : [];
  });
}

const SCHEDULING_FIELDS = [
  "affinity",
  "nodeSelector",
  "tolerations",
  "topologySpreadConstraints",
  "runtimeClassName",
  "priorityClassName",
  "schedulerName",
  "hostAliases",
  "dnsPolicy",
  "dnsConfig",
];

function schedulingFeatures(spec: RevisionSpec): PodFeature[] {
  const given = Object.keys(spec).filter((field) => SCHEDULING_FIELDS.includes(field));
  return given.map((field) => feature("scheduling", `${SPEC_PATH}.${field}`));
}

function securityFeatures(context: SecurityContext, path: string): PodFeature[] {
  const { runAsUser, runAsGroup, readOnlyRootFilesystem, capabilities } = context;
  return [
    ...(runAsUser === undefined ? [] : [feature("run-as", `${path}.runAsUser`)]),
    ...(runAsGroup === undefined ? [] : [feature("run-as", `${path}.runAsGroup`)]),
    ...(readOnlyRootFilesystem === true ? [feature("read-only-root", `${path}.readOnlyRootFilesystem`)] : []),
    ...((capabilities?.add?.length ?? 0) > 0 ? [feature("capability", `${path}.capabilities.add`)] : []),
  ];
}

function feature(name: PodFeature["feature"], field: string): PodFeature {
  return { feature: name, field };
}
