import { describe, expect, it } from "vitest";
import { findCondition } from "../../../src/core/resource/conditions.ts";
import type { RevisionStatus } from "../../../src/core/resource/serving.ts";
import { podAutoscalerView } from "../../../src/core/view/pod-autoscaler.ts";
import { serverlessServiceView } from "../../../src/core/view/serverless-service.ts";
import type { ViewObject } from "../../../src/core/view/view-object.ts";
import { observation, revisionFacts } from "./facts.ts";

const condition = (view: ViewObject, type: string) => findCondition(view.status as RevisionStatus, type);
const ASLEEP = observation({
  ...{ desiredScale: 0, actualScale: 0, mode: "Proxy", readyPods: [] },
  active: { status: "False", reason: "NoTraffic", message: "The target is not receiving traffic." },
});

describe("a PodAutoscaler", () => {
  it("carries the revision's name, labels and reachability", () => {
    const view = podAutoscalerView(revisionFacts({ containerConcurrency: 5, protocol: "h2c" }));
    expect(view.metadata).toMatchObject({
      name: "hello-00001",
      namespace: "default",
      ownerReferences: [{ kind: "Revision", uid: "rev-uid" }],
      labels: { "serving.knative.dev/revision": "hello-00001", app: "hello-00001" },
      annotations: {
        "autoscaling.knative.dev/class": "kpa.autoscaling.knative.dev",
        "autoscaling.knative.dev/min-scale": "1",
      },
    });
    expect(view.metadata.annotations).not.toHaveProperty("serving.knative.dev/routes");
    expect(view.spec).toEqual({
      containerConcurrency: 5,
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "hello-00001-deployment" },
      reachability: "Reachable",
      protocolType: "h2c",
    });
  });

  it("is Ready while the revision serves", () => {
    const view = podAutoscalerView(revisionFacts({ observation: observation() }));
    expect(view.status).toMatchObject({ desiredScale: 1, actualScale: 1, serviceName: "hello-00001" });
    for (const type of ["Active", "SKSReady", "ScaleTargetInitialized", "Ready"]) {
      expect(condition(view, type)?.status).toBe("True");
    }
  });

  it("at zero is not Active, for want of traffic, and stays initialized", () => {
    const view = podAutoscalerView(revisionFacts({ observation: ASLEEP }));
    expect(condition(view, "Active")).toMatchObject({ status: "False", reason: "NoTraffic" });
    expect(condition(view, "Ready")).toMatchObject({ status: "False", reason: "NoTraffic" });
    expect(condition(view, "ScaleTargetInitialized")?.status).toBe("True");
  });

  it("of a revision that was not heard of yet knows no scale", () => {
    const view = podAutoscalerView(revisionFacts());
    expect(view.status).not.toHaveProperty("desiredScale");
    expect(condition(view, "Ready")?.status).toBe("Unknown");
  });
});

describe("a ServerlessService", () => {
  it("serves from pods and lists them", () => {
    const view = serverlessServiceView(revisionFacts({ observation: observation() }));
    expect(view.spec).toMatchObject({ mode: "Serve", objectRef: { name: "hello-00001-deployment" }, numActivators: 1 });
    expect(view.status).toMatchObject({
      serviceName: "hello-00001",
      privateServiceName: "hello-00001-private",
      endpoints: [{ pod: "hello-00001-deployment-0a1b2c3d", uid: "0a1b2c3d-4e5f-6071" }],
    });
    expect(condition(view, "Ready")?.status).toBe("True");
    expect(condition(view, "ActivatorEndpointsPopulated")).toMatchObject({ status: "False", severity: "Info" });
  });

  it("is backed by the activator at zero", () => {
    const view = serverlessServiceView(revisionFacts({ observation: ASLEEP }));
    expect(view.spec).toMatchObject({ mode: "Proxy" });
    expect(condition(view, "ActivatorEndpointsPopulated")?.status).toBe("True");
    expect(condition(view, "Ready")).toMatchObject({ status: "Unknown", reason: "NoHealthyBackends" });
  });

  it("takes the mode of an observation that tells none from whether there are pods", () => {
    const { mode: _, ...before } = observation();
    expect(serverlessServiceView(revisionFacts({ observation: before })).spec).toMatchObject({ mode: "Serve" });
    expect(serverlessServiceView(revisionFacts()).spec).toMatchObject({ mode: "Proxy" });
  });
});

it("the views of one revision have uids of their own that last", () => {
  const uids = [podAutoscalerView, serverlessServiceView].map((view) => view(revisionFacts()).metadata.uid);
  expect(new Set([...uids, "rev-uid"]).size).toBe(3);
  expect(podAutoscalerView(revisionFacts({ observation: ASLEEP })).metadata.uid).toBe(uids[0]);
  expect(uids[0]).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
});
