import { describe, expect, test } from "vitest";
import type { RevisionObservation } from "../../../src/core/protocol/objects.ts";
import { reconcileRevision } from "../../../src/core/reconcile/revision.ts";
import { makePodTemplate } from "../../../src/core/reconcile/revision-order.ts";
import { findCondition } from "../../../src/core/resource/conditions.ts";
import type { KubeObject } from "../../../src/core/resource/object.ts";
import type { Revision } from "../../../src/core/resource/serving.ts";
import { observedOf, revision, route, SETTINGS } from "./fixtures.ts";

const OBSERVATION: RevisionObservation = {
  revisionUid: "uid-hello-00001",
  sequence: 1,
  desiredScale: 1,
  actualScale: 1,
  isInitialized: true,
  active: { status: "True", reason: "", message: "" },
  failure: null,
};

function conditionsAfter(observation: RevisionObservation | null) {
  const object = revision("hello-00001", "Unknown");
  const observed = observedOf([object], { observations: observation === null ? [] : [observation] });
  const write = reconcileRevision(object, observed, SETTINGS).find((candidate) => candidate.type === "update-status");
  const status = write?.type === "update-status" ? (write.object as Revision).status : undefined;
  return (type: string) => findCondition(status, type);
}

describe("conditions follow the observation", () => {
  test("before the first one everything is deploying", () => {
    const find = conditionsAfter(null);
    for (const type of ["ContainerHealthy", "ResourcesAvailable", "Active", "Ready"]) {
      expect(find(type)).toMatchObject({ status: "Unknown", reason: "Deploying" });
    }
  });

  test("why a pod runs and is not ready yet is told while the first is waited for, and not later", () => {
    const unready = "nothing listens";
    const waiting = { ...OBSERVATION, actualScale: 0, isInitialized: false, unready };
    const find = conditionsAfter(waiting);
    for (const type of ["ContainerHealthy", "Ready"]) {
      expect(find(type)).toMatchObject({ status: "Unknown", reason: "Deploying", message: unready });
    }
    expect(conditionsAfter({ ...waiting, isInitialized: true })("Ready")).not.toHaveProperty("message");
    const failure = { condition: "ContainerHealthy", reason: "ExitCode1", message: "boom" } as const;
    expect(conditionsAfter({ ...waiting, failure })("Ready")).toMatchObject({ status: "False", message: "boom" });
  });

  test("a failure before the initial scale fails the revision with its reason", () => {
    const failure = { condition: "ResourcesAvailable", reason: "Unschedulable", message: "no agent" } as const;
    const find = conditionsAfter({ ...OBSERVATION, isInitialized: false, failure });
    expect(find("Ready")).toMatchObject({ status: "False", reason: "Unschedulable", message: "no agent" });
    expect(find("ContainerHealthy")?.status).toBe("Unknown");
  });

  test("an initial scale that was never reached is told in Knative's words, with the cause", () => {
    const failure = {
      condition: "ResourcesAvailable",
      reason: "ProgressDeadlineExceeded",
      message: "no answer",
    } as const;
    expect(conditionsAfter({ ...OBSERVATION, isInitialized: false, failure })("Ready")).toMatchObject({
      reason: "ProgressDeadlineExceeded",
      message: "Initial scale was never achieved: no answer",
    });
  });

  test("asleep it is Ready and not Active", () => {
    const active = { status: "False", reason: "NoTraffic", message: "The target is not receiving traffic." } as const;
    const find = conditionsAfter({ ...OBSERVATION, desiredScale: 0, actualScale: 0, active });
    expect(find("Ready")?.status).toBe("True");
    expect(find("Active")).toMatchObject({ ...active, severity: "Info" });
  });
});

describe("routing state", () => {
  const stateAfter = (state: string | undefined, others: KubeObject[], annotations: Record<string, string> = {}) => {
    const labels = state === undefined ? {} : { "serving.knative.dev/routingState": state };
    const object = revision("hello-00001", "True", { labels, annotations });
    const writes = reconcileRevision(object, observedOf([object, ...others]), SETTINGS);
    const order = writes.find((write) => write.type === "order");
    const update = writes.find((write) => write.type === "update");
    const after = update?.type === "update" ? update.object : object;
    return [
      after.metadata.labels?.["serving.knative.dev/routingState"] ?? "",
      order?.type === "order" ? order.order.reachability : "",
    ];
  };
  const routed = (readyStatus: "True" | "Unknown", revisionName: string) => ({
    ...route("hello", [{ revisionName, percent: 100 }]),
    status: { observedGeneration: 1, conditions: [{ type: "Ready", status: readyStatus }] },
  });

  test.each<[string, string | undefined, KubeObject[], Record<string, string>, string[]]>([
    ["is active when a Route names it", "pending", [routed("True", "hello-00001")], {}, ["active", "Reachable"]],
    ["stays pending when none ever did", "pending", [], {}, ["pending", "Unknown"]],
    [
      "stays active while its Route is on the move",
      "active",
      [routed("Unknown", "hello-00002")],
      { "serving.knative.dev/routes": "hello" },
      ["active", "Reachable"],
    ],
    [
      "is reserve once its Route has settled elsewhere",
      "active",
      [routed("True", "hello-00002")],
      { "serving.knative.dev/routes": "hello" },
      ["reserve", "Unreachable"],
    ],
  ])("%s", (_, state, others, annotations, expected) => {
    expect(stateAfter(state, others, annotations)).toEqual(expected);
  });

  describe("a Route that moved on and then lost a target is False, not Unknown", () => {
    const ANNOTATIONS = { "serving.knative.dev/routes": "hello" };
    const labels = { "serving.knative.dev/routingState": "active" };
    const object = revision("hello-00001", "True", { labels, annotations: ANNOTATIONS });
    const failed = {
      ...route("hello", [{ revisionName: "hello-00002", percent: 100 }]),
      status: { observedGeneration: 1, conditions: [{ type: "Ready", status: "False" as const }] },
    };
    const after = (deliveredAtMs: number | null) => {
      const hosts = [{ routeUid: "uid-hello", host: "hello.default", entry: null, deliveredAtMs }];
      const writes = reconcileRevision(object, observedOf([object, failed], { hosts }), SETTINGS);
      const update = writes.find((write) => write.type === "update");
      const wake = writes.find((write) => write.type === "wake");
      return {
        state: (update?.type === "update" ? update.object : object).metadata.labels?.[
          "serving.knative.dev/routingState"
        ],
        wakesInMs: wake?.type === "wake" ? wake.atMs - SETTINGS.nowMs : null,
      };
    };

    test.each([
      ["stays active while an entry is on its way", null, { state: "active", wakesInMs: 1_000 }],
      ["stays active while gateways may use the old entry", SETTINGS.nowMs - 5_999, { state: "active", wakesInMs: 1 }],
      ["is reserve from then on", SETTINGS.nowMs - 6_000, { state: "reserve", wakesInMs: null }],
    ])("%s", (_, deliveredAtMs, expected) => {
      expect(after(deliveredAtMs)).toEqual(expected);
    });
  });
});

describe("an environment with a source that is not there", () => {
  const bare = revision("hello-00001", "Unknown");
  const env = [{ name: "A", valueFrom: { configMapKeyRef: { name: "c", key: "k" } } }];
  const object: Revision = { ...bare, spec: { containers: [{ image: "dev.local/hello", env }] } };
  const configMap = {
    ...bare,
    kind: "ConfigMap",
    metadata: { ...bare.metadata, name: "c" },
    data: { k: "v" },
  } as KubeObject;
  const reconcile = (others: KubeObject[], observations: RevisionObservation[] = []) =>
    reconcileRevision(object, observedOf([object, ...others], { observations }), SETTINGS);
  const templateOf = (writes: ReturnType<typeof reconcile>) =>
    writes.flatMap((write) => (write.type === "order" ? [write.order.template] : []))[0];

  test("fails the revision before any pod is made, as Kubernetes says it", () => {
    const writes = reconcile([]);
    expect(templateOf(writes)).toBeUndefined();
    const status = writes.flatMap((write) =>
      write.type === "update-status" ? [(write.object as Revision).status] : [],
    );
    expect(findCondition(status[0], "Ready")).toMatchObject({
      status: "False",
      reason: "CreateContainerConfigError",
      message: 'configmap "c" not found',
    });
    expect(findCondition(status[0], "ContainerHealthy")?.status).toBe("False");
  });

  test("comes right when it appears", () => {
    expect(templateOf(reconcile([configMap]))?.env).toEqual([{ name: "A", value: "v", isLiteral: true }]);
  });

  test("keeps only new pods from starting where some ran already", () => {
    const writes = reconcile([], [OBSERVATION]);
    expect(templateOf(writes)).toMatchObject({ env: [], envProblem: 'configmap "c" not found' });
  });
});

describe("containerStatuses", () => {
  const digest = `example.com/app@sha256:${"0".repeat(64)}`;
  test.each([
    ["names the digest that the template pins", [digest], [{ name: "a", imageDigest: digest }]],
    ["is left out while an image may change", [digest, "example.com/side:v1"], undefined],
  ])("%s", (_, images, expected) => {
    const bare = revision("hello-00001", "Unknown");
    const containers = images.map((image, i) => ({ name: "abc"[i] ?? "", image }));
    const object: Revision = { ...bare, spec: { containers } };
    const writes = reconcileRevision(object, observedOf([object]), SETTINGS);
    const statuses = writes.flatMap((write) =>
      write.type === "update-status" ? [(write.object as Revision).status] : [],
    );
    expect(statuses[0]?.containerStatuses).toEqual(expected);
  });
});

test("the pod template resolves every default", () => {
  const bare = revision("hello-00001", "True");
  const spec = {
    containers: [
      {
        image: "a/b",
        ports: [{ name: "h2c", containerPort: 9000 }],
        readinessProbe: { httpGet: { path: "", httpHeaders: [{ name: "x", value: "y" }] }, periodSeconds: 4 },
      },
    ],
  };
  const annotations = { "serving.knative.dev/progress-deadline": "90s", "rouse.dev/driver": "docker" };
  const ENV = { variables: [{ name: "A", value: "1" }], problem: null };
  expect(makePodTemplate({ ...bare, spec, metadata: { ...bare.metadata, annotations } }, ENV)).toEqual({
    namespace: "default",
    service: "",
    configuration: "",
    revision: "hello-00001",
    driver: "docker",
    image: "a/b",
    command: [],
    args: [],
    env: [{ name: "A", value: "1" }],
    containerPort: 9000,
    protocol: "h2c",
    containerConcurrency: 0,
    timeoutSec: 300,
    responseStartTimeoutSec: 0,
    idleTimeoutSec: 0,
    readinessProbe: {
      handler: { type: "http", path: "/", headers: [{ name: "x", value: "y" }] },
      periodSec: 4,
      timeoutSec: 1,
      successThreshold: 1,
      failureThreshold: 3,
      initialDelaySec: 0,
    },
    progressDeadlineSec: 90,
  });
});

test("the container with the port is the one that is run", () => {
  const bare = revision("hello-00001", "True");
  const containers = [{ image: "side" }, { image: "main", ports: [{ containerPort: 9000 }] }];
  const template = makePodTemplate({ ...bare, spec: { containers } }, { variables: [], problem: null });
  expect(template).toMatchObject({
    image: "main",
    containerPort: 9000,
    features: [{ feature: "sidecar", field: "spec.template.spec.containers[0]" }],
  });
});
