/**
 * The template of a Revision: Knative's own fields and Kubernetes' PodSpec. All of its shape is known here, also what
 * Knative does not take or only with a feature flag: pod-spec-validation.ts refuses that by name instead of dropping it.
 */
import { CONTAINER_SCHEMA, type Container } from "./container.ts";
import { any, boolean, int32, integer, listOf, mapOf, object, type Schema, string } from "./schema.ts";
import { VOLUME_SCHEMA, type Volume } from "./volume.ts";

export type RevisionSpec = {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly Volume[];
  readonly containerConcurrency?: number;
  readonly timeoutSeconds?: number;
  readonly responseStartTimeoutSeconds?: number;
  readonly idleTimeoutSeconds?: number;
  readonly enableServiceLinks?: boolean;
  readonly serviceAccountName?: string;
  readonly automountServiceAccountToken?: boolean;
  readonly securityContext?: PodSecurityContext;
};

export type RevisionTemplate = {
  readonly metadata?: {
    readonly name?: string;
    readonly generateName?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: RevisionSpec;
};

export type PodSecurityContext = {
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly runAsNonRoot?: boolean;
  readonly fsGroup?: number;
  readonly supplementalGroups?: readonly number[];
  readonly seccompProfile?: { readonly type?: string; readonly localhostProfile?: string };
};

/**
 * The container that takes the requests: the one with a port, else the first.
 * @returns its place in the list, -1 when there is no container
 */
export function servingContainerIndex(containers: readonly Container[]): number {
  const withPort = containers.findIndex((container) => (container.ports?.length ?? 0) > 0);
  return withPort !== -1 || containers.length === 0 ? withPort : 0;
}

const POD_SECURITY_CONTEXT_SCHEMA = object({
  runAsUser: integer,
  runAsGroup: integer,
  runAsNonRoot: boolean,
  fsGroup: integer,
  fsGroupChangePolicy: string,
  supplementalGroups: listOf(integer),
  supplementalGroupsPolicy: string,
  seccompProfile: object({ type: string, localhostProfile: string }),
  sysctls: listOf(object({ name: string, value: string })),
  seLinuxOptions: mapOf(any),
  windowsOptions: mapOf(any),
  appArmorProfile: mapOf(any),
});

export const REVISION_SPEC_SCHEMA: Schema = object({
  containers: listOf(CONTAINER_SCHEMA),
  initContainers: listOf(CONTAINER_SCHEMA),
  volumes: listOf(VOLUME_SCHEMA),
  containerConcurrency: integer,
  timeoutSeconds: integer,
  responseStartTimeoutSeconds: integer,
  idleTimeoutSeconds: integer,
  enableServiceLinks: boolean,
  serviceAccountName: string,
  automountServiceAccountToken: boolean,
  imagePullSecrets: listOf(object({ name: string })),
  securityContext: POD_SECURITY_CONTEXT_SCHEMA,
  affinity: object({ nodeAffinity: mapOf(any), podAffinity: mapOf(any), podAntiAffinity: mapOf(any) }),
  nodeSelector: mapOf(string),
  tolerations: listOf(
    object({ key: string, operator: string, value: string, effect: string, tolerationSeconds: integer }),
  ),
  topologySpreadConstraints: listOf(mapOf(any)),
  runtimeClassName: string,
  priorityClassName: string,
  schedulerName: string,
  hostNetwork: boolean,
  hostPID: boolean,
  hostIPC: boolean,
  hostAliases: listOf(object({ ip: string, hostnames: listOf(string) })),
  shareProcessNamespace: boolean,
  dnsPolicy: string,
  dnsConfig: object({
    nameservers: listOf(string),
    searches: listOf(string),
    options: listOf(object({ name: string, value: string })),
  }),
  restartPolicy: string,
  terminationGracePeriodSeconds: integer,
  activeDeadlineSeconds: integer,
  nodeName: string,
  hostname: string,
  subdomain: string,
  priority: int32,
  readinessGates: listOf(mapOf(any)),
});

export const TEMPLATE_SCHEMA: Schema = object({
  metadata: object({
    name: string,
    generateName: string,
    namespace: string,
    labels: mapOf(string),
    annotations: mapOf(string),
    finalizers: listOf(string),
    creationTimestamp: any,
  }),
  spec: REVISION_SPEC_SCHEMA,
});
