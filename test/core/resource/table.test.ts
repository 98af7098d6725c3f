import { describe, expect, it } from "vitest";
import { findResourceType, type ResourceType } from "../../../src/core/resource/resource-type.ts";
import { type TableObject, tableOf } from "../../../src/core/resource/table.ts";
import { humanDuration } from "../../../src/core/resource/table-cells.ts";

const NOW_MS = Date.parse("2026-01-01T12:00:00Z");

describe("columns", () => {
  it.each([
    ["serving.knative.dev/v1/services", "NAME URL LATESTCREATED LATESTREADY READY REASON"],
    ["serving.knative.dev/v1/routes", "NAME URL READY REASON"],
    ["serving.knative.dev/v1/configurations", "NAME LATESTCREATED LATESTREADY READY REASON"],
    ["serving.knative.dev/v1/revisions", "NAME CONFIG NAME GENERATION READY REASON ACTUAL REPLICAS DESIRED REPLICAS"],
    ["serving.knative.dev/v1beta1/domainmappings", "NAME URL READY REASON"],
    ["/v1/pods", "NAME READY STATUS RESTARTS AGE"],
    ["/v1/nodes", "NAME STATUS ROLES AGE VERSION"],
    ["/v1/configmaps", "NAME DATA AGE"],
    ["/v1/secrets", "NAME TYPE DATA AGE"],
    ["/v1/namespaces", "NAME STATUS AGE"],
    ["/v1/services", "NAME TYPE CLUSTER-IP EXTERNAL-IP PORT(S) AGE"],
    ["/v1/events", "LAST SEEN TYPE REASON OBJECT MESSAGE"],
    ["autoscaling.internal.knative.dev/v1alpha1/podautoscalers", "NAME DESIREDSCALE ACTUALSCALE READY REASON"],
    [
      "networking.internal.knative.dev/v1alpha1/serverlessservices",
      "NAME MODE ACTIVATORS SERVICENAME PRIVATESERVICENAME READY REASON",
    ],
  ])("of %s are those that Knative and Kubernetes print", (path, expected) => {
    const names = table(path, [])
      .columnDefinitions.filter(({ priority }) => priority === 0)
      .map(({ name }) => name);
    expect(names.join(" ").toUpperCase()).toBe(expected);
  });
});

describe("rows", () => {
  it("of a Service show its URL, its revisions and its readiness", () => {
    const status = {
      url: "http://hello.default.example.com",
      latestCreatedRevisionName: "hello-00002",
      latestReadyRevisionName: "hello-00001",
      conditions: [{ type: "Ready", status: "Unknown", reason: "RolloutInProgress" }],
    };
    expect(cells("serving.knative.dev/v1/services", { status })).toEqual([
      ...["it", "http://hello.default.example.com", "hello-00002", "hello-00001", "Unknown", "RolloutInProgress"],
    ]);
  });

  it("of an object without a status are empty where nothing is known", () => {
    expect(cells("serving.knative.dev/v1/services", {})).toEqual(["it", null, null, null, null, null]);
    expect(cells("/v1/pods", { metadata: { name: "it" } }).slice(0, 5)).toEqual(["it", "0/0", "", 0, "<unknown>"]);
  });

  it("of a Pod say why it does not run", () => {
    const pod = {
      metadata: { name: "it", creationTimestamp: "2026-01-01T11:57:30Z" },
      spec: { containers: [{ name: "user-container" }], nodeName: "box" },
      status: {
        phase: "Pending",
        podIP: "127.0.0.1",
        containerStatuses: [{ ready: false, restartCount: 3, state: { waiting: { reason: "CrashLoopBackOff" } } }],
      },
    };
    expect(cells("/v1/pods", pod).slice(0, 7)).toEqual([
      ...["it", "0/1", "CrashLoopBackOff", 3, "2m30s", "127.0.0.1", "box"],
    ]);
  });

  it("of core kinds show what kubectl's users look for", () => {
    expect(cells("/v1/secrets", { type: "Opaque", data: { a: "", b: "" } })).toEqual(["it", "Opaque", 2, "60m"]);
    const spec = { type: "ExternalName", externalName: "gw.local", ports: [{ port: 80, nodePort: 8080 }] };
    expect(cells("/v1/services", { spec }).slice(0, 5)).toEqual([
      ...["it", "ExternalName", "<none>", "gw.local", "80:8080/TCP"],
    ]);
    const event = {
      lastTimestamp: "2026-01-01T11:59:00Z",
      type: "Warning",
      reason: "Failed",
      involvedObject: { kind: "Revision", name: "r" },
      message: "no such file\n",
    };
    expect(cells("/v1/events", event).slice(0, 4)).toEqual(["60s", "Warning", "Failed", "revision/r"]);
  });

  it.each([
    ["None", undefined],
    ["Metadata", { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: { name: "it" } }],
    ["Object", { metadata: { name: "it" }, data: { a: "b" } }],
  ] as const)("carry %s of the object", (includeObject, expected) => {
    const object = { metadata: { name: "it" }, data: { a: "b" } };
    const { rows } = tableOf(typeAt("/v1/configmaps"), [object], { includeObject, nowMs: NOW_MS });
    expect(rows[0]?.object).toEqual(expected);
  });
});

// Expected texts by hand from the rules of k8s.io/apimachinery/pkg/util/duration.
it.each([
  [-5, "<invalid>"],
  [-1, "0s"],
  [119, "119s"],
  [120, "2m"],
  [599, "9m59s"],
  [600, "10m"],
  [3 * 3600 - 1, "179m"],
  [3 * 3600 + 60, "3h1m"],
  [8 * 3600, "8h"],
  [48 * 3600, "2d"],
  [49 * 3600, "2d1h"],
  [8 * 86_400, "8d"],
  [2 * 365 * 86_400, "2y"],
  [(2 * 365 + 1) * 86_400, "2y1d"],
  [9 * 365 * 86_400, "9y"],
])("an age of %d seconds is written %s", (seconds, text) => {
  expect(humanDuration(seconds * 1000)).toBe(text);
});

function typeAt(path: string): ResourceType {
  const [group = "", version = "", plural = ""] = path.split("/");
  const type = findResourceType(group, version, plural);
  if (type === undefined) throw new Error(`no type at ${path}`);
  return type;
}

function table(path: string, objects: readonly TableObject[]) {
  return tableOf(typeAt(path), objects, { includeObject: "None", nowMs: NOW_MS });
}

function cells(path: string, fields: object) {
  const metadata = { name: "it", creationTimestamp: "2026-01-01T11:00:00Z" };
  return table(path, [{ metadata, ...fields }]).rows[0]?.cells ?? [];
}
