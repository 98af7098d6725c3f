/** A container of a template: the whole of Kubernetes' Container, so that what Knative does not take is told by name. */
import { any, boolean, int32, integer, intOrString, listOf, mapOf, object, type Schema, string } from "./schema.ts";

export type Container = {
  readonly name?: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly workingDir?: string;
  readonly env?: readonly EnvVar[];
  readonly envFrom?: readonly EnvFromSource[];
  readonly ports?: readonly ContainerPort[];
  readonly readinessProbe?: ContainerProbe;
  readonly livenessProbe?: ContainerProbe;
  readonly startupProbe?: ContainerProbe;
  readonly resources?: ResourceRequirements;
  readonly securityContext?: SecurityContext;
  readonly volumeMounts?: readonly VolumeMount[];
  readonly terminationMessagePolicy?: string;
};

export type EnvVar = { readonly name?: string; readonly value?: string; readonly valueFrom?: EnvVarSource };

export type EnvVarSource = {
  readonly configMapKeyRef?: KeySelector;
  readonly secretKeyRef?: KeySelector;
  readonly fieldRef?: object;
  readonly resourceFieldRef?: object;
};

/** One key of a ConfigMap or Secret of the same namespace. */
export type KeySelector = { readonly name?: string; readonly key?: string; readonly optional?: boolean };

/** All keys of a ConfigMap or Secret, each with a prefix to its name. */
export type EnvFromSource = {
  readonly prefix?: string;
  readonly configMapRef?: SourceRef;
  readonly secretRef?: SourceRef;
};

export type SourceRef = { readonly name?: string; readonly optional?: boolean };

export type ContainerPort = { readonly name?: string; readonly containerPort?: number; readonly protocol?: string };

export type ContainerProbe = {
  readonly httpGet?: {
    readonly path?: string;
    readonly port?: number | string;
    readonly scheme?: string;
    readonly host?: string;
    readonly httpHeaders?: readonly { readonly name?: string; readonly value?: string }[];
  };
  readonly tcpSocket?: { readonly port?: number | string; readonly host?: string };
  readonly exec?: { readonly command?: readonly string[] };
  readonly grpc?: { readonly port?: number; readonly service?: string };
  readonly initialDelaySeconds?: number;
  readonly periodSeconds?: number;
  readonly timeoutSeconds?: number;
  readonly successThreshold?: number;
  readonly failureThreshold?: number;
};

/** Quantities by resource name (`cpu`, `memory`, `ephemeral-storage`). */
export type ResourceRequirements = {
  readonly limits?: Readonly<Record<string, string | number>>;
  readonly requests?: Readonly<Record<string, string | number>>;
};

export type SecurityContext = {
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
  readonly privileged?: boolean;
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly runAsNonRoot?: boolean;
  readonly readOnlyRootFilesystem?: boolean;
  readonly allowPrivilegeEscalation?: boolean;
  readonly seccompProfile?: { readonly type?: string; readonly localhostProfile?: string };
};

export type VolumeMount = {
  readonly name?: string;
  readonly mountPath?: string;
  readonly subPath?: string;
  readonly readOnly?: boolean;
};

const KEY_SELECTOR = object({ name: string, key: string, optional: boolean });
const SOURCE_REF = object({ name: string, optional: boolean });

const ENV_SCHEMA = listOf(
  object({
    name: string,
    value: string,
    valueFrom: object({
      configMapKeyRef: KEY_SELECTOR,
      secretKeyRef: KEY_SELECTOR,
      fieldRef: object({ apiVersion: string, fieldPath: string }),
      resourceFieldRef: object({ containerName: string, resource: string, divisor: intOrString }),
    }),
  }),
);

const PROBE_SCHEMA = object({
  httpGet: object({
    path: string,
    port: intOrString,
    scheme: string,
    host: string,
    httpHeaders: listOf(object({ name: string, value: string })),
  }),
  tcpSocket: object({ port: intOrString, host: string }),
  exec: object({ command: listOf(string) }),
  grpc: object({ port: int32, service: string }),
  initialDelaySeconds: int32,
  periodSeconds: int32,
  timeoutSeconds: int32,
  successThreshold: int32,
  failureThreshold: int32,
  terminationGracePeriodSeconds: integer,
});

const SECURITY_CONTEXT_SCHEMA = object({
  capabilities: object({ add: listOf(string), drop: listOf(string) }),
  privileged: boolean,
  runAsUser: integer,
  runAsGroup: integer,
  runAsNonRoot: boolean,
  readOnlyRootFilesystem: boolean,
  allowPrivilegeEscalation: boolean,
  seccompProfile: object({ type: string, localhostProfile: string }),
  procMount: string,
  seLinuxOptions: mapOf(any),
  windowsOptions: mapOf(any),
  appArmorProfile: mapOf(any),
});

export const CONTAINER_SCHEMA: Schema = object({
  name: string,
  image: string,
  imagePullPolicy: string,
  command: listOf(string),
  args: listOf(string),
  workingDir: string,
  env: ENV_SCHEMA,
  envFrom: listOf(object({ prefix: string, configMapRef: SOURCE_REF, secretRef: SOURCE_REF })),
  ports: listOf(object({ name: string, containerPort: int32, protocol: string, hostPort: int32, hostIP: string })),
  readinessProbe: PROBE_SCHEMA,
  livenessProbe: PROBE_SCHEMA,
  startupProbe: PROBE_SCHEMA,
  resources: object({
    limits: mapOf(intOrString),
    requests: mapOf(intOrString),
    claims: listOf(object({ name: string, request: string })),
  }),
  securityContext: SECURITY_CONTEXT_SCHEMA,
  volumeMounts: listOf(
    object({
      name: string,
      mountPath: string,
      subPath: string,
      readOnly: boolean,
      mountPropagation: string,
      subPathExpr: string,
      recursiveReadOnly: string,
    }),
  ),
  terminationMessagePath: string,
  terminationMessagePolicy: string,
  lifecycle: mapOf(any),
  volumeDevices: listOf(object({ name: string, devicePath: string })),
  stdin: boolean,
  stdinOnce: boolean,
  tty: boolean,
  restartPolicy: string,
  resizePolicy: listOf(mapOf(any)),
});
