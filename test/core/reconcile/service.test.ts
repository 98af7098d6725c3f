import { describe, expect, test } from "vitest";
import { reconcileService } from "../../../src/core/reconcile/service.ts";
import { findCondition } from "../../../src/core/resource/conditions.ts";
import { controllerReference, type KubeObject } from "../../../src/core/resource/object.ts";
import type { Service } from "../../../src/core/resource/serving.ts";
import { observedOf, SETTINGS, service } from "./fixtures.ts";

function hello(meta: Partial<Service["metadata"]> = {}): Service {
  const made = service("hello");
  return { ...made, metadata: { ...made.metadata, ...meta } };
}

/** What a Service makes of its children, given those that are there. */
function reconcile(object: Service, ...children: KubeObject[]) {
  const writes = reconcileService(object, observedOf([object, ...children]), SETTINGS);
  const child = (kind: string) =>
    writes.flatMap((write) => {
      if (write.type === "create" && write.draft.kind === kind) return [write.draft.metadata];
      return write.type === "update" && write.object.kind === kind ? [write.object.metadata] : [];
    })[0];
  const status = writes.flatMap((write) =>
    write.type === "update-status" ? [(write.object as Service).status] : [],
  )[0];
  return {
    configuration: child("Configuration"),
    route: child("Route"),
    find: (type: string) => findCondition(status, type),
  };
}

const LABELLED = hello({
  labels: { team: "a" },
  annotations: {
    note: "x",
    "serving.knative.dev/creator": "ann",
    "serving.knative.dev/rollout-duration": "10s",
    "kubectl.kubernetes.io/last-applied-configuration": "{}",
  },
});

describe("labels and annotations of a Service", () => {
  test("go to its Configuration and Route, each with what is its own", () => {
    const { configuration, route } = reconcile(LABELLED);
    expect(configuration?.labels).toEqual({
      team: "a",
      "serving.knative.dev/service": "hello",
      "serving.knative.dev/serviceUID": "uid-hello",
    });
    expect(configuration?.annotations).toEqual({
      note: "x",
      "serving.knative.dev/creator": "ann",
      "serving.knative.dev/routes": "hello",
    });
    expect(route?.labels).toEqual({ team: "a", "serving.knative.dev/service": "hello" });
    expect(route?.annotations).toEqual({
      note: "x",
      "serving.knative.dev/creator": "ann",
      "serving.knative.dev/rollout-duration": "10s",
    });
    expect(route?.ownerReferences).toEqual([controllerReference(LABELLED)]);
  });

  test("that are taken away are taken away there too, without a new generation", () => {
    const first = reconcile(LABELLED);
    const stored = (kind: "Configuration" | "Route", metadata: object | undefined) =>
      ({
        apiVersion: "serving.knative.dev/v1",
        kind,
        metadata: { uid: `uid-${kind}`, resourceVersion: "1", generation: 1, creationTimestamp: "", ...metadata },
        spec:
          kind === "Configuration"
            ? { template: LABELLED.spec.template }
            : { traffic: [{ latestRevision: true, percent: 100, configurationName: "hello" }] },
      }) as KubeObject;
    const children = [stored("Configuration", first.configuration), stored("Route", first.route)];
    const { configuration, route } = reconcile(hello(), ...children);
    expect(configuration?.labels).not.toHaveProperty("team");
    expect(route?.labels).not.toHaveProperty("team");
    expect(route?.annotations).toEqual({});
    expect(configuration).toMatchObject({ generation: 1 });
  });
});

test("children that are not there yet leave it unknown, those of others fail it", () => {
  const young = reconcile(hello());
  expect(young.find("ConfigurationsReady")).toMatchObject({ status: "Unknown", reason: "OutOfDate" });
  expect(young.find("Ready")).toMatchObject({
    reason: "OutOfDate",
    message: "The Configuration is still working to reflect the latest desired specification.",
  });
  const foreign = {
    ...hello(),
    kind: "Route",
    metadata: { ...hello().metadata, uid: "other" },
    spec: {},
  } as KubeObject;
  expect(reconcile(hello(), foreign).find("RoutesReady")).toMatchObject({
    status: "False",
    reason: "NotOwned",
    message: 'There is an existing Route "hello" that we do not own.',
  });
});
