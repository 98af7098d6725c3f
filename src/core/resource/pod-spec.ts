/**
 * The template of a Revision: the part of Kubernetes' PodSpec that Knative takes. Fields of the schema that this
 * version cannot honour are known to it, so that template-validation.ts can refuse them by name instead of dropping them.
 */
import { any, boolean, integer, intOrString, listOf, mapOf, object, type Schema, string } from "./schema.ts";

export type RevisionSpec = {
  readonly containers: readonly Container[];
  readonly containerConcurrency?: number;
  readonly timeoutSeconds?: number;
  readonly responseStartTimeoutSeconds?: number;
  readonly idleTimeoutSeconds?: number;
  readonly enableServiceLinks?: boolean;
  readonly serviceAccountName?: string;
};

export type RevisionTemplate = {
  readonly metadata?: {
    readonly name?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: RevisionSpec;
};

export type Container = {
  readonly name?: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly workingDir?: string;
  readonly env?: readonly EnvVar[];
  readonly ports?: readonly ContainerPort[];
  readonly readinessProbe?: ContainerProbe;
  readonly resources?: unknown;
};

export type EnvVar = { readonly name: string; readonly value?: string; readonly valueFrom?: unknown };

export type ContainerPort = { readonly name?: string; readonly containerPort?: number; readonly protocol?: string };

export type ContainerProbe = {
  readonly httpGet?: {
    readonly path?: string;
    readonly port?: number | string;
    readonly scheme?: string;
    readonly host?: string;
    readonly httpHeaders?: readonly { readonly name: string; readonly value: string }[];
  };
  readonly tcpSocket?: { readonly port?: number | string; readonly host?: string };
  readonly exec?: unknown;
  readonly grpc?: unknown;
  readonly initialDelaySeconds?: number;
  readonly periodSeconds?: number;
  readonly timeoutSeconds?: number;
  readonly successThreshold?: number;
  readonly failureThreshold?: number;
};

const PROBE_SCHEMA = object({
  httpGet: object({
    path: string,
    port: intOrString,
    scheme: string,
    host: string,
    httpHeaders: listOf(object({ name: string, value: string })),
  }),
  tcpSocket: object({ port: intOrString, host: string }),
  exec: any,
  grpc: any,
  initialDelaySeconds: integer,
  periodSeconds: integer,
  timeoutSeconds: integer,
  successThreshold: integer,
  failureThreshold: integer,
  terminationGracePeriodSeconds: integer,
});

const CONTAINER_SCHEMA = object({
  name: string,
  image: string,
  imagePullPolicy: string,
  command: listOf(string),
  args: listOf(string),
  workingDir: string,
  env: listOf(object({ name: string, value: string, valueFrom: any })),
  envFrom: listOf(any),
  ports: listOf(object({ name: string, containerPort: integer, protocol: string, hostPort: integer, hostIP: string })),
  readinessProbe: PROBE_SCHEMA,
  livenessProbe: any,
  startupProbe: any,
  lifecycle: any,
  resources: object({ limits: mapOf(intOrString), requests: mapOf(intOrString), claims: listOf(any) }),
  securityContext: any,
  volumeMounts: listOf(any),
  volumeDevices: listOf(any),
  stdin: boolean,
  stdinOnce: boolean,
  tty: boolean,
  terminationMessagePath: string,
  terminationMessagePolicy: string,
});

export const REVISION_SPEC_SCHEMA = object({
  containers: listOf(CONTAINER_SCHEMA),
  initContainers: listOf(any),
  volumes: listOf(any),
  containerConcurrency: integer,
  timeoutSeconds: integer,
  responseStartTimeoutSeconds: integer,
  idleTimeoutSeconds: integer,
  enableServiceLinks: boolean,
  serviceAccountName: string,
  imagePullSecrets: listOf(any),
  securityContext: any,
  affinity: any,
  nodeSelector: any,
  tolerations: any,
  topologySpreadConstraints: any,
  runtimeClassName: any,
  priorityClassName: any,
  schedulerName: any,
  hostNetwork: any,
  hostPID: any,
  hostIPC: any,
  hostAliases: any,
  shareProcessNamespace: any,
  dnsPolicy: any,
  dnsConfig: any,
  automountServiceAccountToken: boolean,
  restartPolicy: any,
  terminationGracePeriodSeconds: any,
  activeDeadlineSeconds: any,
  nodeName: any,
  hostname: any,
  subdomain: any,
  priority: any,
  readinessGates: any,
});

export const TEMPLATE_SCHEMA: Schema = object({
  metadata: object({ name: string, labels: mapOf(string), annotations: mapOf(string), creationTimestamp: any }),
  spec: REVISION_SPEC_SCHEMA,
});
