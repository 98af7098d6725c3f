/** Objects as the command line reads them: only the fields that it shows. */
import type { PodSpec, TextMap } from "../edit/editable-service.ts";

export type Condition = {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  /** "Info" for one that Ready does not depend on. */
  readonly severity?: string;
  readonly lastTransitionTime?: string;
};

export type Conditioned = { readonly status?: { readonly conditions?: readonly Condition[] } };

export type ViewMetadata = {
  readonly name: string;
  readonly namespace: string;
  readonly creationTimestamp?: string;
  readonly generation?: number;
  readonly labels?: TextMap;
  readonly annotations?: TextMap;
  readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[];
};

export type TargetView = {
  readonly revisionName?: string;
  readonly percent?: number;
  readonly tag?: string;
  readonly latestRevision?: boolean;
  readonly url?: string;
};

type CommonStatus = { readonly observedGeneration?: number; readonly conditions?: readonly Condition[] };
type AddressStatus = CommonStatus & { readonly url?: string };

export type ServiceView = {
  readonly metadata: ViewMetadata;
  readonly spec?: { readonly template: { readonly spec: PodSpec } };
  readonly status?: AddressStatus & {
    readonly latestCreatedRevisionName?: string;
    readonly latestReadyRevisionName?: string;
    readonly traffic?: readonly TargetView[];
  };
};

export type RevisionView = {
  readonly metadata: ViewMetadata;
  readonly spec?: PodSpec;
  readonly status?: CommonStatus & { readonly actualReplicas?: number; readonly desiredReplicas?: number };
};

export type RouteView = {
  readonly metadata: ViewMetadata;
  readonly status?: AddressStatus & { readonly traffic?: readonly TargetView[] };
};

export type DomainView = {
  readonly metadata: ViewMetadata;
  readonly spec?: { readonly ref?: { readonly kind?: string; readonly name?: string; readonly namespace?: string } };
  readonly status?: AddressStatus;
};
