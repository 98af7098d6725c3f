import { expect, test } from "vitest";
import { reconcilePlaceholders } from "../../../src/core/reconcile/placeholder-services.ts";
import type { CoreService } from "../../../src/core/resource/core-service.ts";
import type { KubeObject } from "../../../src/core/resource/object.ts";
import type { Route } from "../../../src/core/resource/serving.ts";
import { observedOf, route, SETTINGS } from "./fixtures.ts";

const META = {
  labels: { team: "shop", "networking.knative.dev/visibility": "cluster-local" },
  annotations: { "serving.knative.dev/creator": "ann" },
};
const TAGGED = { tag: "green", revisionName: "hello-00001", percent: 0, url: "http://green-hello.default.example.com" };
const ROUTE: Route = {
  ...route("hello", [], META),
  status: { url: "http://hello.default.example.com", traffic: [{ revisionName: "hello-00001", percent: 100 }, TAGGED] },
};

/** The placeholders as the store has them after the first pass. */
function placeholders(): CoreService[] {
  return reconcilePlaceholders(ROUTE, observedOf([ROUTE]), SETTINGS).flatMap((write) => {
    if (write.type !== "create") return [];
    const { metadata } = write.draft;
    const server = { uid: `uid-${metadata.name}`, resourceVersion: "1", generation: 1, creationTimestamp: "" };
    return [{ ...write.draft, metadata: { ...metadata, ...server } } as CoreService];
  });
}

function writesAfter(changed: Route, objects: readonly KubeObject[]) {
  return reconcilePlaceholders(changed, observedOf([changed, ...objects]), SETTINGS);
}

test("a Route gets a placeholder for its name and for each tag, which leads to where that answers", () => {
  expect(placeholders()).toMatchObject([
    {
      kind: "CoreService",
      metadata: {
        name: "hello",
        labels: { team: "shop", "serving.knative.dev/route": "hello" },
        annotations: { "serving.knative.dev/creator": "ann" },
        ownerReferences: [{ kind: "Route", name: "hello", controller: true }],
      },
      spec: { type: "ExternalName", externalName: "hello.default.example.com", ports: [{ port: 80 }] },
    },
    { metadata: { name: "green-hello" }, spec: { externalName: "green-hello.default.example.com" } },
  ]);
  expect(placeholders()[0]?.metadata.labels).not.toHaveProperty(["networking.knative.dev/visibility"]);
});

test("nothing is written when they are as they should be", () => {
  expect(writesAfter(ROUTE, placeholders())).toEqual([]);
});

test("there are none before traffic is assigned", () => {
  expect(writesAfter(route("hello", []), [])).toEqual([]);
});

test("a tag that goes takes its placeholder along", () => {
  const untagged = { ...ROUTE, status: { ...ROUTE.status, traffic: ROUTE.status?.traffic?.slice(0, 1) ?? [] } };
  expect(writesAfter(untagged, placeholders())).toMatchObject([
    { type: "delete", object: { metadata: { name: "green-hello" } } },
  ]);
});

test("labels of a user stay, and those of the Route are added", () => {
  const hidden = placeholders().map((object) => ({
    ...object,
    metadata: { ...object.metadata, labels: { "networking.knative.dev/visibility": "cluster-local" } },
  }));
  expect(writesAfter(ROUTE, hidden)[0]).toMatchObject({
    type: "update",
    object: {
      metadata: {
        labels: {
          "networking.knative.dev/visibility": "cluster-local",
          "serving.knative.dev/route": "hello",
          team: "shop",
        },
      },
    },
  });
});

test("a Service of that name that is somebody else's is left alone", () => {
  const foreign = placeholders().map((object) => ({
    ...object,
    metadata: { ...object.metadata, labels: {}, ownerReferences: [] },
  }));
  expect(writesAfter(ROUTE, foreign)).toEqual([]);
});
