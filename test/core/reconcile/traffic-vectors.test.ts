/** The golden vectors of traffic.json against resolution, compilation, status and validation of traffic. */
import { describe, expect, test } from "vitest";
import { reconcileRoute } from "../../../src/core/reconcile/route.ts";
import { resolveTraffic } from "../../../src/core/reconcile/traffic.ts";
import { LABEL_SERVICE, LABEL_VISIBILITY } from "../../../src/core/resource/annotations.ts";
import type { ConditionStatus } from "../../../src/core/resource/conditions.ts";
import { findCondition } from "../../../src/core/resource/conditions.ts";
import { defaultRouteSpec } from "../../../src/core/resource/defaults.ts";
import type { Route, TrafficTarget } from "../../../src/core/resource/serving.ts";
import { validateTraffic } from "../../../src/core/resource/traffic-validation.ts";
import { compileRoute } from "../../../src/core/routing/compile.ts";
import { CLUSTER_LOCAL_DOMAIN } from "../../../src/core/routing/hosts.ts";
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
    paths: readonly { match_headers?: object; splits: readonly { revision: string; percent: number }[] }[];
  }[];
  readonly want_status_traffic?: readonly {
    tag?: string;
    revision: string;
    percent: number;
    latest_revision: boolean;
    url?: string;
  }[];
};

// Tags whose placeholder Service is labelled cluster-local: there are no placeholder Services yet.
const cases = loadVectors<Vector>("traffic").cases.filter((vector) => vector.cluster_local_tags === undefined);

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

function worldOf(vector: Vector) {
  return observedOf([
    ...vector.configurations.map(({ name, latest_ready_revision, ready }) =>
      configuration(name, { latestReadyRevisionName: latest_ready_revision }, ready),
    ),
    ...vector.revisions.map(({ name, service, ready }) =>
      revision(name, ready, { labels: service === undefined ? {} : { [LABEL_SERVICE]: service } }),
    ),
  ]);
}

describe("traffic.json", () => {
  test.each(cases)("$id validates: $note", (vector) => {
    const errors = validateTraffic(routeOf(vector).spec.traffic ?? [], "Route");
    expect(errors.length === 0).toBe(vector.want_spec_valid);
  });

  const valid = cases.filter((vector) => vector.want_spec_valid);

  test.each(valid)("$id resolves and compiles: $note", (vector) => {
    const wanted = vector.want_all_traffic_assigned_condition;
    const object = routeOf(vector);
    const resolution = resolveTraffic(object, worldOf(vector));
    if (!resolution.ok) {
      expect(resolution.problem).toEqual({ type: "AllTrafficAssigned", ...wanted });
      return;
    }
    expect(wanted?.status).toBe("True");
    const domain = vector.route_cluster_local ? CLUSTER_LOCAL_DOMAIN : "example.com";
    const compiled = compileRoute(object, resolution.targets, domain).map((entry) => [
      entry.host,
      entry.visibility,
      entry.targets.map((target) => `${target.revision} ${target.percent}`).sort(),
    ]);
    const expected = (vector.want_ingress_rules ?? []).flatMap((rule) =>
      rule.hosts.map((host) => [
        host,
        rule.visibility === "ExternalIP" ? "external" : "cluster-local",
        (rule.paths.find((path) => path.match_headers === undefined)?.splits ?? [])
          .map((split) => `${split.revision} ${split.percent}`)
          .sort(),
      ]),
    );
    expect(new Set(compiled.map((row) => JSON.stringify(row)))).toEqual(
      new Set(expected.map((row) => JSON.stringify(row))),
    );
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
