/** Objects as Knative's Go clients hold them, and the claims that these make about their state. */

export type Condition = {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason?: string;
  readonly message?: string;
  readonly severity?: string;
};

export type TrafficTarget = {
  readonly tag?: string;
  readonly revisionName?: string;
  readonly configurationName?: string;
  readonly latestRevision?: boolean;
  readonly percent?: number;
  readonly url?: string;
};

export type StringMap = Readonly<Record<string, string>>;

export type Metadata = {
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string | null;
  readonly deletionTimestamp?: string;
  readonly labels?: StringMap;
  readonly annotations?: StringMap;
};

export type Container = Readonly<Record<string, unknown>> & { readonly name?: string; readonly image?: string };
export type PodSpec = Readonly<Record<string, unknown>> & { readonly containers: readonly Container[] };
export type Template = { readonly metadata?: Metadata; readonly spec: PodSpec };

export type Spec = Readonly<Record<string, unknown>> & {
  readonly template?: Template;
  readonly traffic?: readonly TrafficTarget[];
};

export type Status = {
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
  readonly url?: string;
  readonly address?: { readonly url?: string };
  readonly traffic?: readonly TrafficTarget[];
  readonly latestCreatedRevisionName?: string;
  readonly latestReadyRevisionName?: string;
  readonly actualReplicas?: number;
  readonly desiredReplicas?: number;
  readonly containerStatuses?: readonly { readonly name: string; readonly imageDigest?: string }[];
};

export type KnativeObject = {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: Metadata;
  readonly spec?: Spec;
  readonly status?: Status;
  readonly data?: StringMap;
  readonly stringData?: StringMap;
};

export function condition(object: KnativeObject, type: string): Condition | undefined {
  return object.status?.conditions?.find((each) => each.type === type);
}

/** What the object's controller says is about its present spec, and it is `status`. */
function isSettled(object: KnativeObject, status: Condition["status"], type = "Ready"): boolean {
  return isObserved(object) && condition(object, type)?.status === status;
}

export function isObserved({ metadata, status }: KnativeObject): boolean {
  return metadata.generation === status?.observedGeneration;
}

export function isReady(object: KnativeObject): boolean {
  return isSettled(object, "True");
}

export function isFailed(object: KnativeObject): boolean {
  return isSettled(object, "False");
}

export function isServiceAndChildrenFailed(service: KnativeObject): boolean {
  return ["Ready", "RoutesReady", "ConfigurationsReady"].every((type) => isSettled(service, "False", type));
}

/**
 * The object as Go's encoder writes it: members without `omitempty` are there, empty or null. This is what a server gets, and
 * what the two sides of a JSON patch are made of.
 */
export function asGoEncodes(object: KnativeObject): KnativeObject {
  const { template } = object.spec ?? {};
  return {
    ...object,
    metadata: { creationTimestamp: null, ...object.metadata },
    ...(template === undefined ? {} : { spec: { ...object.spec, template: encodeTemplate(template) } }),
    ...(object.spec === undefined ? {} : { status: object.status ?? {} }),
  };
}

function encodeTemplate(template: Template): Template {
  const containers = template.spec.containers.map((each) => ({ name: "", resources: {}, ...each }));
  return {
    metadata: { creationTimestamp: null, ...template.metadata },
    spec: { ...template.spec, containers },
  };
}
