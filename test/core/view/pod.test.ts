import { describe, expect, it } from "vitest";
import { podView } from "../../../src/core/view/pod.ts";
import { podFacts, revisionFacts } from "./facts.ts";

// biome-ignore lint/suspicious/noExplicitAny: -- views are looked into freely
const pod = (...args: Parameters<typeof podFacts>): any => podView(podFacts(...args));
// biome-ignore lint/suspicious/noExplicitAny: -- views are looked into freely
const user = (view: any) => view.status.containerStatuses[0];
// biome-ignore lint/suspicious/noExplicitAny: -- views are looked into freely
const conditionOf = (view: any, type: string) => view.status.conditions.find((each: any) => each.type === type);

describe("a pod that serves", () => {
  it("has the names, labels and owner that Knative's have", () => {
    const { metadata, spec } = pod();
    expect(metadata).toMatchObject({
      name: "hello-00001-deployment-0a1b2c3d",
      namespace: "default",
      uid: "0a1b2c3d-4e5f-6071",
      creationTimestamp: "2026-01-31T12:00:00Z",
      ownerReferences: [{ kind: "Revision", name: "hello-00001", uid: "rev-uid", controller: true }],
    });
    expect(metadata.labels).toEqual({
      "serving.knative.dev/service": "hello",
      "serving.knative.dev/revision": "hello-00001",
      "serving.knative.dev/revisionUID": "rev-uid",
      app: "hello-00001",
      tier: "web",
    });
    expect(metadata.annotations).toEqual({ "autoscaling.knative.dev/min-scale": "1" });
    expect(spec.nodeName).toBe("box");
  });

  it("is Running with both containers ready since its probe passed", () => {
    const view = pod();
    expect(view.status).toMatchObject({ phase: "Running", startTime: "2026-01-31T12:00:00Z", podIP: "10.0.0.7" });
    expect(view.status.containerStatuses).toMatchObject([
      {
        name: "user-container",
        ready: true,
        restartCount: 0,
        state: { running: { startedAt: "2026-01-31T12:00:02Z" } },
      },
      { name: "queue-proxy", ready: true },
    ]);
    expect(conditionOf(view, "Ready")).toMatchObject({ status: "True", lastTransitionTime: "2026-01-31T12:00:05Z" });
  });

  it("says how often it was started again", () => {
    expect(user(pod({ restarts: 3 })).restartCount).toBe(3);
  });
});

describe("a pod on its way", () => {
  it("is Pending until its process runs, reported or not", () => {
    for (const view of [pod(null), pod({ phase: "starting", startMs: 0, readyMs: 0 })]) {
      expect(view.status.phase).toBe("Pending");
      expect(user(view)).toMatchObject({ ready: false, state: { waiting: { reason: "ContainerCreating" } } });
    }
  });

  it("is Running and not ready until its probe passes", () => {
    const view = pod({ phase: "starting", readyMs: 0 });
    expect(view.status.phase).toBe("Running");
    expect(conditionOf(view, "Ready")).toMatchObject({ status: "False", reason: "ContainersNotReady" });
  });

  it("runs and says why it is not ready, also when nobody knows since when it runs", () => {
    for (const startMs of [2_000, 0]) {
      const view = pod({ phase: "starting", startMs, readyMs: 0, message: "nothing listens" });
      expect(view.status).toMatchObject({ phase: "Running", message: "nothing listens" });
      expect(user(view)).toMatchObject({ ready: false, started: true, state: { running: {} } });
      const ready = { status: "False", reason: "ContainersNotReady", message: "nothing listens" };
      expect(conditionOf(view, "Ready")).toMatchObject(ready);
    }
  });

  it("is terminating while it drains, and gone when it stopped", () => {
    const retiringSinceMs = Date.parse("2026-01-31T12:10:00Z");
    const view = pod({ phase: "draining" }, { wanted: "retiring", retiringSinceMs });
    expect(view.metadata.deletionTimestamp).toBe("2026-01-31T12:10:00Z");
    expect(user(view).ready).toBe(false);
    expect(pod({ phase: "stopped" }, { wanted: "retiring" })).toBeNull();
  });
});

describe("a pod that failed", () => {
  it("tells the exit code of its process", () => {
    const view = pod({ phase: "failed", reason: "ExitCode", exitCode: 3, message: "boom" });
    expect(view.status).toMatchObject({ phase: "Failed", message: "boom" });
    expect(user(view).state.terminated).toMatchObject({ exitCode: 3, reason: "Error", message: "boom" });
    expect(conditionOf(view, "Ready")).toMatchObject({ status: "False", reason: "ExitCode" });
  });

  it("tells a signal as the exit code that a shell gives it", () => {
    const view = pod({ phase: "failed", reason: "ExitCode", signal: "SIGKILL" });
    expect(user(view).state.terminated.exitCode).toBe(137);
  });

  it("waits with a reason when it never had a process", () => {
    const view = pod({ phase: "failed", reason: "CommandNotFound", message: "no such file", startMs: 0 });
    expect(user(view).state.waiting).toEqual({ reason: "CreateContainerError", message: "no such file" });
  });
});

it("a pod of a lost agent is Unknown", () => {
  const view = pod({}, {}, { connection: "Lost" });
  expect(view.status.phase).toBe("Unknown");
  expect(conditionOf(view, "Ready")).toMatchObject({ status: "Unknown", reason: "NodeLost" });
});

it("a pod whose revision is gone is told from what its agent knows", () => {
  const view = pod({ phase: "draining" }, { wanted: "retiring" }, { revision: null });
  expect(view.metadata).toMatchObject({ name: "hello-00001-deployment-0a1b2c3d", labels: { app: "hello-00001" } });
  expect(view.spec.containers[0]).toMatchObject({ name: "user-container", image: "dev.local/hello" });
});

it("an agent that is reached by a name has no IP to tell", () => {
  expect(pod({}, {}, { dataUrl: "https://box.example.com/agent" }).status.podIP).toBeUndefined();
  expect(pod({}, {}, { dataUrl: "http://[::1]:8012" }).status.podIP).toBe("::1");
});

it("the resourceVersion stays as long as nothing changes, and changes with anything", () => {
  const { resourceVersion } = pod().metadata;
  expect(resourceVersion).toMatch(/^\d+$/);
  expect(pod().metadata.resourceVersion).toBe(resourceVersion);
  expect(pod({ restarts: 1 }).metadata.resourceVersion).not.toBe(resourceVersion);
  const relabelled = revisionFacts({ metadata: { ...revisionFacts().metadata, labels: { tier: "db" } } });
  expect(pod({}, {}, { revision: relabelled }).metadata.resourceVersion).not.toBe(resourceVersion);
});
