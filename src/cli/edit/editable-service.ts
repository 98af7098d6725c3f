/** A Service as flags change it: the fields that a flag can reach, and whatever else it has, which stays. */

export type TextMap = Readonly<Record<string, string>>;

export type EditableService = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata & { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly template: { readonly metadata?: Metadata; readonly spec: PodSpec };
    readonly traffic?: readonly Target[];
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
};

export type Metadata = {
  readonly name?: string;
  readonly generation?: number;
  readonly labels?: TextMap;
  readonly annotations?: TextMap;
  readonly [field: string]: unknown;
};

export type PodSpec = {
  readonly containers: readonly Container[];
  readonly volumes?: readonly Volume[];
  readonly containerConcurrency?: number;
  readonly timeoutSeconds?: number;
  readonly serviceAccountName?: string;
  readonly imagePullSecrets?: readonly { readonly name: string }[];
  readonly [field: string]: unknown;
};

export type Container = {
  readonly image?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly workingDir?: string;
  readonly env?: readonly Variable[];
  readonly envFrom?: readonly VariableSource[];
  readonly ports?: readonly { readonly name?: string; readonly containerPort?: number }[];
  readonly resources?: Resources;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly securityContext?: { readonly runAsUser?: number; readonly [field: string]: unknown };
  readonly volumeMounts?: readonly Mount[];
  readonly [field: string]: unknown;
};

export type Variable = { readonly name: string; readonly value?: string; readonly valueFrom?: unknown };
export type VariableSource = {
  readonly configMapRef?: { readonly name: string };
  readonly secretRef?: { readonly name: string };
};
export type Resources = { readonly requests?: TextMap; readonly limits?: TextMap };
export type Probe = { readonly [field: string]: unknown };
export type Mount = { readonly name: string; readonly mountPath: string; readonly subPath?: string };
export type Volume = {
  readonly name: string;
  readonly configMap?: { readonly name: string };
  readonly secret?: { readonly secretName: string };
  readonly emptyDir?: Readonly<Record<string, never>>;
};
export type Target = {
  readonly tag?: string;
  readonly revisionName?: string;
  readonly latestRevision?: boolean;
  readonly percent?: number;
  readonly [field: string]: unknown;
};

/** A copy in which one member is set, or missing. */
export function withMember<T extends object, K extends keyof T>(object: T, key: K, value: T[K] | undefined): T {
  const copy = { ...object };
  if (value === undefined) delete copy[key];
  else copy[key] = value;
  return copy;
}

/** undefined for a list without items: the API treats it as absent, and a manifest reads better without it. */
export function orAbsent<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}
