import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import type { ControlPlaneRpc } from "../../../src/core/protocol/control-plane.ts";
import {
  CONTROL_PLANE_NAME,
  type ObjectNamespace,
  type RevisionObservation,
  type RevisionOrder,
  type RouteEntry,
  type RoutesRpc,
} from "../../../src/core/protocol/objects.ts";
import { findCondition } from "../../../src/core/resource/conditions.ts";
import type { KubeObject } from "../../../src/core/resource/object.ts";
import type { Configuration, Revision, Route, Service } from "../../../src/core/resource/serving.ts";
import { routesShardOf } from "../../../src/core/routing/shard.ts";
import type { ControlPlane } from "../../../src/durable/control-plane/control-plane.ts";
import { Revision as RevisionObject } from "../../../src/durable/revision/revision.ts";

type Bindings = {
  readonly CONTROL_PLANE: ObjectNamespace<ControlPlaneRpc>;
  readonly ROUTES: ObjectNamespace<RoutesRpc>;
};
const { CONTROL_PLANE, ROUTES } = env as unknown as Bindings;
const OPTIONS = { user: "tester", isDryRun: false, isStrict: false, apiVersion: "serving.knative.dev/v1" };
/** Above every sequence that the Revision object itself may use. */
const FAR_SEQUENCE = 10 * Date.now();

const plane = () => CONTROL_PLANE.getByName(CONTROL_PLANE_NAME);

async function apply(name: string, spec: object = {}, annotations: Record<string, string> = {}): Promise<void> {
  const containers = [{ image: "dev.local/hello", command: ["./hello"] }];
  const body = { metadata: { name }, spec: { template: { metadata: { annotations }, spec: { containers } }, ...spec } };
  const created = await plane().createObject("Service", "default", body, OPTIONS);
  expect(created.ok).toBe(true);
}

async function find<T extends KubeObject>(kind: T["kind"], name: string): Promise<T | null> {
  const outcome = await plane().getObject({ kind, namespace: "default", name });
  return outcome.ok ? (outcome.value as T) : null;
}

/** Waits for a state; the test's timeout is the deadline. */
async function until<T extends KubeObject>(
  kind: T["kind"],
  name: string,
  isWished: (object: T) => boolean,
): Promise<T> {
  for (;;) {
    const object = await find<T>(kind, name);
    if (object !== null && isWished(object)) return object;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const ready = (object: KubeObject) => findCondition(object.status as Service["status"], "Ready")?.status;

let observed = FAR_SEQUENCE;
async function observe(revision: Revision, change: Partial<RevisionObservation>): Promise<void> {
  observed += 1;
  await plane().revisionObserved({
    revisionUid: revision.metadata.uid,
    sequence: observed,
    desiredScale: 1,
    actualScale: 1,
    isInitialized: true,
    active: { status: "True", reason: "", message: "" },
    failure: null,
    ...change,
  });
}

describe("conditions", () => {
  test("a Service becomes Ready once its first revision was, and its entries are served", async () => {
    await apply("steps");
    const revision = await until<Revision>("Revision", "steps-00001", (object) => ready(object) !== undefined);
    expect(findCondition(revision.status, "ResourcesAvailable")).toMatchObject({
      status: "Unknown",
      reason: "Deploying",
    });
    const route = await until<Route>("Route", "steps", (object) => ready(object) !== undefined);
    expect(findCondition(route.status, "AllTrafficAssigned")).toMatchObject({
      status: "Unknown",
      reason: "RevisionMissing",
      message: 'Configuration "steps" is waiting for a Revision to become ready.',
    });

    await observe(revision, {});
    const service = await until<Service>("Service", "steps", (object) => ready(object) === "True");
    expect(service.status).toMatchObject({
      observedGeneration: 1,
      url: "http://steps.default.apps.test",
      address: { url: "http://steps.default.svc.cluster.local" },
      latestReadyRevisionName: "steps-00001",
      traffic: [{ revisionName: "steps-00001", percent: 100, latestRevision: true }],
    });
    const host = "steps.default.apps.test";
    const entry = (await ROUTES.getByName(routesShardOf(host)).resolve(host)) as RouteEntry;
    expect(entry.targets).toEqual([
      { revisionUid: revision.metadata.uid, revision: "steps-00001", percent: 100, timeoutSec: 300 },
    ]);
    expect(entry.visibility).toBe("external");
  });

  test("a revision that sleeps stays Ready and says so", async () => {
    await apply("sleeper");
    const revision = await until<Revision>("Revision", "sleeper-00001", () => true);
    await observe(revision, {});
    await until<Revision>("Revision", "sleeper-00001", (object) => ready(object) === "True");
    const active = { status: "False", reason: "NoTraffic", message: "The target is not receiving traffic." } as const;
    await observe(revision, { desiredScale: 0, actualScale: 0, active });
    const asleep = await until<Revision>("Revision", "sleeper-00001", (object) => object.status?.actualReplicas === 0);
    expect(ready(asleep)).toBe("True");
    expect(findCondition(asleep.status, "Active")).toMatchObject({ ...active, severity: "Info" });
  });

  test("a first revision that fails is told all the way up, and so is its recovery", async () => {
    await apply("sick");
    const revision = await until<Revision>("Revision", "sick-00001", () => true);
    const failure = {
      condition: "ContainerHealthy",
      reason: "ExitCode3",
      message: "Container failed with: boom",
    } as const;
    await observe(revision, { isInitialized: false, actualScale: 0, failure });
    const failed = await until<Service>("Service", "sick", (object) => ready(object) === "False");
    expect(findCondition(failed.status, "ConfigurationsReady")).toMatchObject({
      reason: "RevisionFailed",
      message: 'Revision "sick-00001" failed with message: Container failed with: boom.',
    });
    expect(findCondition(failed.status, "RoutesReady")).toMatchObject({
      reason: "RevisionMissing",
      message: 'Configuration "sick" does not have any ready Revision.',
    });
    await observe(revision, {});
    await until<Service>("Service", "sick", (object) => ready(object) === "True");
  });

  test("an observation that arrives late is dropped", async () => {
    await apply("late");
    const revision = await until<Revision>("Revision", "late-00001", () => true);
    await observe(revision, {});
    await until<Revision>("Revision", "late-00001", (object) => ready(object) === "True");
    await observe(revision, { sequence: 3, desiredScale: 9 });
    await observe(revision, { desiredScale: 4 });
    const now = await until<Revision>("Revision", "late-00001", (object) => object.status?.desiredReplicas !== 1);
    expect(now.status?.desiredReplicas).toBe(4);
  });

  test("a later revision that fails leaves the traffic on the one before", async () => {
    await apply("keeps");
    await observe(await until<Revision>("Revision", "keeps-00001", () => true), {});
    await until<Service>("Service", "keeps", (object) => ready(object) === "True");
    const key = { kind: "Service", namespace: "default", name: "keeps" } as const;
    const body = { spec: { template: { spec: { containerConcurrency: 3 } } } };
    await plane().patchObject(key, { type: "merge", body }, OPTIONS);
    const second = await until<Revision>("Revision", "keeps-00002", () => true);
    const failure = { condition: "ResourcesAvailable", reason: "Unschedulable", message: "no agent" } as const;
    await observe(second, { isInitialized: false, actualScale: 0, failure });
    const service = await until<Service>("Service", "keeps", (object) => ready(object) === "False");
    expect(findCondition(service.status, "RoutesReady")?.status).toBe("True");
    expect(service.status?.traffic?.[0]?.revisionName).toBe("keeps-00001");
    expect(service.status?.latestCreatedRevisionName).toBe("keeps-00002");

    await observe(second, {});
    const moved = await until<Service>("Service", "keeps", (object) => ready(object) === "True");
    expect(moved.status?.traffic?.[0]?.revisionName).toBe("keeps-00002");
    const old = await until<Revision>(
      "Revision",
      "keeps-00001",
      (object) => object.metadata.labels?.["serving.knative.dev/routingState"] === "reserve",
    );
    expect(old.metadata.annotations?.["serving.knative.dev/routes"]).toBeUndefined();
  });

  test("a ready Service does not churn: nothing is written while nothing changes", async () => {
    await apply("still");
    await observe(await until<Revision>("Revision", "still-00001", () => true), {});
    const before = await until<Service>("Service", "still", (object) => ready(object) === "True");
    await runInDurableObject(plane() as never, (instance: ControlPlane) => instance.alarm());
    const after = await find<Service>("Service", "still");
    expect(after?.metadata.resourceVersion).toBe(before.metadata.resourceVersion);
  });
});

test("the order for a Revision object carries what the spec says", async () => {
  const orders: RevisionOrder[] = [];
  const spy = vi.spyOn(RevisionObject.prototype, "applyOrder").mockImplementation(async (order) => {
    orders.push(order);
  });
  await apply("ordered", {}, { "autoscaling.knative.dev/min-scale": "2", "rouse.dev/driver": "process" });
  await vi.waitFor(() => expect(orders.length).toBeGreaterThan(0));
  spy.mockRestore();
  expect(orders[0]).toMatchObject({
    template: {
      service: "ordered",
      configuration: "ordered",
      revision: "ordered-00001",
      driver: "process",
      command: ["./hello"],
      containerPort: 8080,
      protocol: "http1",
      timeoutSec: 300,
      readinessProbe: { handler: { type: "tcp" }, periodSec: 0 },
    },
    scaling: { minScale: 2, metric: "concurrency" },
    reachability: "Reachable",
  });
});

test("a receiver that fails is told again, in the next moment", async () => {
  let calls = 0;
  const spy = vi.spyOn(RevisionObject.prototype, "applyOrder").mockImplementation(async () => {
    calls += 1;
    if (calls === 1) throw new Error("not now");
  });
  await apply("stubborn");
  await vi.waitFor(() => expect(calls).toBe(2), { timeout: 5_000 });
  spy.mockRestore();
});

test("what a crash interrupts is done when the object is back", async () => {
  await apply("crashed");
  await abortAllDurableObjects();
  const revision = await until<Revision>("Revision", "crashed-00001", () => true);
  await observe(revision, {});
  await abortAllDurableObjects();
  await until<Service>("Service", "crashed", (object) => ready(object) === "True");
  const host = "crashed.default.apps.test";
  expect(await ROUTES.getByName(routesShardOf(host)).resolve(host)).toMatchObject({ route: "crashed" });
});

test("a deleted Service gives its hosts up, and its revision goes when its pods are gone", async () => {
  const spy = vi.spyOn(RevisionObject.prototype, "destroy").mockImplementation(async () => {});
  await apply("leaving");
  const revision = await until<Revision>("Revision", "leaving-00001", () => true);
  await observe(revision, {});
  await until<Service>("Service", "leaving", (object) => ready(object) === "True");
  await plane().deleteObject(
    { kind: "Service", namespace: "default", name: "leaving" },
    { isDryRun: false, propagation: "Background", uid: "", resourceVersion: "" },
  );
  expect(await find<Configuration>("Configuration", "leaving")).toBeNull();
  const host = "leaving.default.apps.test";
  await vi.waitFor(async () => expect(await ROUTES.getByName(routesShardOf(host)).resolve(host)).toBeNull());
  await vi.waitFor(() => expect(spy).toHaveBeenCalled());
  expect((await find<Revision>("Revision", "leaving-00001"))?.metadata.deletionTimestamp).toBeDefined();
  await plane().revisionDestroyed(revision.metadata.uid);
  expect(await find<Revision>("Revision", "leaving-00001")).toBeNull();
  spy.mockRestore();
});

test("a tag answers on a host of its own and is in the status with its URL", async () => {
  await apply("tags", { traffic: [{ tag: "green", latestRevision: true, percent: 100 }] });
  await observe(await until<Revision>("Revision", "tags-00001", () => true), {});
  const service = await until<Service>("Service", "tags", (object) => ready(object) === "True");
  expect(service.status?.traffic).toEqual([
    {
      tag: "green",
      revisionName: "tags-00001",
      percent: 100,
      latestRevision: true,
      url: "http://green-tags.default.apps.test",
    },
  ]);
  const host = "green-tags.default.apps.test";
  expect(await ROUTES.getByName(routesShardOf(host)).resolve(host)).toMatchObject({ host, visibility: "external" });
});

test("an agent that connects wakes the revisions that wait for one", async () => {
  const told = vi.spyOn(RevisionObject.prototype, "agentsChanged").mockImplementation(async () => {});
  await apply("waiting");
  await until<Revision>("Revision", "waiting-00001", (object) => ready(object) === "Unknown");
  const agent = {
    agentUid: "agent-1",
    name: "box",
    sequence: 1,
    connection: "Connected",
    drivers: ["process"],
    labels: {},
    capacity: { pods: 10, cpuMillis: 2000, memoryBytes: 1e9 },
  } as const;
  await plane().agentObserved(agent);
  await vi.waitFor(() =>
    expect(told).toHaveBeenCalledWith([{ agentUid: "agent-1", name: "box", drivers: ["process"] }]),
  );
  await plane().agentObserved({ ...agent, sequence: 2, connection: "Lost" });
  expect(await plane().listAgents()).toEqual([]);
  await plane().agentObserved({ ...agent, sequence: 1 });
  expect(await plane().listAgents()).toEqual([]);
  told.mockRestore();
});
