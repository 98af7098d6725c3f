/** Specs and statuses of Knative's kinds, and their structural schemas. */
import type { CommonStatus, Resource } from "./object.ts";
import { REVISION_SPEC_SCHEMA, type RevisionSpec, type RevisionTemplate, TEMPLATE_SCHEMA } from "./pod-spec.ts";
import { any, boolean, integer, listOf, mapOf, object, type Schema, string } from "./schema.ts";

export type TrafficTarget = {
  readonly tag?: string;
  readonly revisionName?: string;
  readonly configurationName?: string;
  readonly latestRevision?: boolean;
  readonly percent?: number;
  readonly url?: string;
};

export type Service = Resource<ServiceSpec, ServiceStatus>;
export type ServiceSpec = { readonly template: RevisionTemplate; readonly traffic?: readonly TrafficTarget[] };
export type ServiceStatus = CommonStatus &
  RouteAddress & { readonly latestCreatedRevisionName?: string; readonly latestReadyRevisionName?: string };

export type Configuration = Resource<ConfigurationSpec, ConfigurationStatus>;
export type ConfigurationSpec = { readonly template: RevisionTemplate };
export type ConfigurationStatus = CommonStatus & {
  readonly latestCreatedRevisionName?: string;
  readonly latestReadyRevisionName?: string;
};

export type Route = Resource<RouteSpec, RouteStatus>;
export type RouteSpec = { readonly traffic?: readonly TrafficTarget[] };
export type RouteStatus = CommonStatus & RouteAddress;

/** Where a Route (and the Service above it) answers. */
export type RouteAddress = {
  /** `http://` and the host: no port, no path. */
  readonly url?: string;
  readonly address?: { readonly url: string };
  readonly traffic?: readonly TrafficTarget[];
};

export type Revision = Resource<RevisionSpec, RevisionStatus>;
export type RevisionStatus = CommonStatus & {
  readonly actualReplicas?: number;
  readonly desiredReplicas?: number;
  readonly containerStatuses?: readonly { readonly name: string; readonly imageDigest?: string }[];
};

const TRAFFIC_SCHEMA = listOf(
  object({
    tag: string,
    revisionName: string,
    configurationName: string,
    latestRevision: boolean,
    percent: integer,
    url: string,
  }),
);

const METADATA_SCHEMA = object({
  name: string,
  generateName: string,
  namespace: string,
  uid: string,
  resourceVersion: string,
  generation: integer,
  creationTimestamp: string,
  deletionTimestamp: string,
  deletionGracePeriodSeconds: integer,
  labels: mapOf(string),
  annotations: mapOf(string),
  ownerReferences: listOf(
    object({
      apiVersion: string,
      kind: string,
      name: string,
      uid: string,
      controller: boolean,
      blockOwnerDeletion: boolean,
    }),
  ),
  finalizers: listOf(string),
  managedFields: any,
  selfLink: string,
});

export const SERVICE_SCHEMA = kindSchema({ spec: object({ template: TEMPLATE_SCHEMA, traffic: TRAFFIC_SCHEMA }) });
export const CONFIGURATION_SCHEMA = kindSchema({ spec: object({ template: TEMPLATE_SCHEMA }) });
export const REVISION_SCHEMA = kindSchema({ spec: REVISION_SPEC_SCHEMA });
export const ROUTE_SCHEMA = kindSchema({ spec: object({ traffic: TRAFFIC_SCHEMA }) });

export function kindSchema(fields: Readonly<Record<string, Schema>>): Schema {
  return object({ apiVersion: string, kind: string, metadata: METADATA_SCHEMA, status: any, ...fields });
}
