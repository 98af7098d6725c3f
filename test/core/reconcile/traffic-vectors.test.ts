/** The golden vectors of traffic.json against resolution, compilation, status and validation of traffic. */
import { describe, expect, test } from "vitest";
import { reconcileRoute } from "../../../src/core/reconcile/route.ts";
import { resolveTraffic } from "../../../src/core/reconcile/traffic.ts";
import { LABEL_ROUTE, LABEL_SERVICE, LABEL_VISIBILITY } from "../../../src/core/resource/annotations.ts";
import type { ConditionStatus } from "../../../src/core/resource/conditions.ts";
import { findCondition } from "../../../src/core/resource/conditions.ts";
import { defaultRouteSpec } from "../../../src/core/resource/defaults.ts";
import { controllerReference, type KubeObject } from "../../../src/core/resource/object.ts";
import type { Route, TrafficTarget } from "../../../src/core/resource/serving.ts";
import { validateTraffic } from "../../../src/core/resource/traffic-validation.ts";
import { loadVectors } from "../../vectors.ts";
import { configuration, observedOf, revision, route, SETTINGS } from "./fixtures.ts";

type Vector = {
  readonly id: string;
  readonly note?: string;
  readonly route_service_label?: string;
  readonly route_cluster_local?: boolean;
  readonly cluster_local_tags?: readonly string[];
  readonly configurations: readonly { name: string; latest_ready_revision: string; ready: ConditionStatus }[];
  readonly revisions: readonly { name: string; service?: string; ready: ConditionStatus }[];
  readonly traffic: readonly {
    tag?: string;
    configuration?: string;
    revision?: string;
    percent?: number | null;
    latest_revision?: boolean;
  }[];
  readonly want_spec_valid: boolean;
  readonly want_all_traffic_assigned_condition?: { status: ConditionStatus; reason: string; message: string };
  readonly want_ingress_rules?: readonly {
    hosts: readonly string[];
    visibility: string;
    paths: readonly {
      match_headers?: object;
      append_headers?: object;
      splits: readonly {
        revision: string;
        percent: number;
        service_port: number;
        append_headers: Readonly<Record<string, string>>;
      }[];
    }[];
  }[];
  readonly want_status_traffic?: readonly {
    tag?: string;
    revision: string;
    percent: number;
    latest_revision: boolean;
    url?: string;
  }[];
};

const { cases } = loadVectors<Vector>("traffic");

function routeOf(vector: Vector): Route {
  const traffic = vector.traffic.map(
    (target): TrafficTarget => ({
      ...(target.tag === undefined ? {} : { tag: target.tag }),
      ...(target.configuration === undefined ? {} : { configurationName: target.configuration }),
      ...(target.revision === undefined ? {} : { revisionName: target.revision }),
      ...(target.percent === undefined || target.percent === null ? {} : { percent: target.percent }),
      ...(target.latest_revision === undefined ? {} : { latestRevision: target.latest_revision }),
    }),
  );
  const labels = {
    ...(vector.route_service_label ? { [LABEL_SERVICE]: vector.route_service_label } : {}),
    ...(vector.route_cluster_local ? { [LABEL_VISIBILITY]: "cluster-local" } : {}),
  };
  return route("hello", defaultRouteSpec({ traffic }).traffic ?? [], { labels });
}

function hiddenPlaceholder(name: string): KubeObject {
  const labels = { [LABEL_ROUTE]: "hello", [LABEL_VISIBILITY]: "cluster-local" };
  const ownerReferences = [controllerReference(route("hello", []))];
  return { ...route(name, [], { labels, ownerReferences }), apiVersion: "v1", kind: "CoreService" };
}

function worldOf(vector: Vector) {
  return observedOf([
    ...vector.configurations.map(({ name, latest_ready_revision, ready }) =>
      configuration(name, { latestReadyRevisionName: latest_ready_revision }, ready),
    ),
    ...vector.revisions.map(({ name, service, ready }) =>
      revision(name, ready, { labels: service === undefined ? {} : { [LABEL_SERVICE]: service } }),
    ),
    ...(vector.cluster_local_tags ?? []).map((tag) => hiddenPlaceholder(tag === "" ? "hello" : `${tag}-hello`)),
  ]);
}

describe("traffic.json", () => {
  test.each(cases)("$id validates: $note", (vector) => {
    const errors = validateTraffic(routeOf(vector).spec.traffic ?? [], "Route");
    expect(errors.length === 0).toBe(vector.want_spec_valid);
  });

  const valid = cases.filter((vector) => vector.want_spec_valid);

  test.each(valid)("$id resolves: $note", (vector) => {
    const resolution = resolveTraffic(routeOf(vector), worldOf(vector));
    expect(resolution.ok).toBe(vector.want_all_traffic_assigned_condition?.status === "True");
    if (resolution.ok) return;
    expect(resolution.problem).toEqual({ type: "AllTrafficAssigned", ...vector.want_all_traffic_assigned_condition });
  });

  const assigned = valid.filter((vector) => vector.want_ingress_rules !== undefined);

  // The rules of a host table have no order; of a rule only the path without a header match exists here.
  test.each(assigned)("$id gives each host its split: $note", (vector) => {
    const entries = reconcileRoute(routeOf(vector), worldOf(vector), SETTINGS).flatMap((write) =>
      write.type === "entry" && write.entry !== null ? [write.entry] : [],
    );
    const compiled = entries.map(({ host, visibility, namespace, targets }) => ({
      host,
      visibility,
      splits: targets.map(({ revision: name, percent }) => ({ revision: name, percent, namespace })),
    }));
    const expected = (vector.want_ingress_rules ?? []).flatMap(({ hosts, visibility, paths }) =>
      hosts.map((host) => ({
        host,
        visibility: visibility === "ExternalIP" ? "external" : "cluster-local",
        splits: (paths.find((path) => path.match_headers === undefined)?.splits ?? []).map((split) => ({
          revision: split.append_headers["Knative-Serving-Revision"],
          percent: split.percent,
          namespace: split.append_headers["Knative-Serving-Namespace"],
        })),
      })),
    );
    const byHost = (a: { readonly host: string }, b: { readonly host: string }) => (a.host < b.host ? -1 : 1);
    expect(compiled.sort(byHost)).toEqual(expected.sort(byHost));
  });

  const paths = cases.flatMap((vector) => (vector.want_ingress_rules ?? []).flatMap((rule) => rule.paths));
  const tagPaths = paths.filter((path) => path.match_headers !== undefined || path.append_headers !== undefined).length;
  test(`compatibility-only: ${tagPaths} paths match or append headers of tags, and tag-header-based-routing is not there yet`, () => {
    expect(paths.filter((path) => path.match_headers !== undefined && path.splits.length !== 1)).toEqual([]);
  });

  test("compatibility-only: service_port is the port of a revision's Kubernetes Service; here the agent knows the protocol", () => {
    const ports = paths.flatMap((path) => path.splits.map((split) => split.service_port));
    expect(ports.filter((port) => port !== 80 && port !== 81)).toEqual([]);
  });

  test.each(valid)("$id has the status that Knative shows: $note", (vector) => {
    const writes = reconcileRoute(routeOf(vector), worldOf(vector), SETTINGS);
    const written = writes.find((write) => write.type === "update-status");
    const { status } = (written?.type === "update-status" ? written.object : {}) as Route;
    const {
      lastTransitionTime: _,
      type: __,
      ...condition
    } = findCondition(status, "AllTrafficAssigned") ?? {
      type: "",
      status: "Unknown",
    };
    expect({ reason: "", message: "", ...condition }).toEqual(vector.want_all_traffic_assigned_condition);
    const expected = (vector.want_status_traffic ?? []).map(
      ({ revision: revisionName, latest_revision, ...target }) => ({
        ...target,
        revisionName,
        latestRevision: latest_revision,
      }),
    );
    expect(status?.traffic).toEqual(expected);
  });
});
