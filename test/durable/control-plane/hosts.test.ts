/** Two that want one host, on the real store: who has it, what the other one does meanwhile, and what waiting costs. */
import { expect, test } from "vitest";
import { findCondition } from "../../../src/core/resource/conditions.ts";
import type { KindName, KubeObject } from "../../../src/core/resource/object.ts";
import type { Route } from "../../../src/core/resource/serving.ts";
import { LonePlane } from "../fakes/lone-plane.ts";

const WRITE = { user: "tester", isDryRun: false, isStrict: false, apiVersion: "" };
const BACKGROUND = { isDryRun: false, propagation: "Background", uid: "", resourceVersion: "" } as const;

async function configure({ plane }: LonePlane, name: string, data: Record<string, string>): Promise<void> {
  const key = { kind: "ConfigMap", namespace: "knative-serving", name } as const;
  expect(await plane.patchObject(key, { type: "merge", body: { data } }, WRITE)).toMatchObject({ ok: true });
}

async function createService(lone: LonePlane, namespace: string, name: string): Promise<void> {
  const body = { metadata: { name }, spec: { template: { spec: { containers: [{ image: "dev.local/hello" }] } } } };
  expect(await lone.plane.createObject("Service", namespace, body, WRITE)).toMatchObject({ ok: true });
  await bringUp(lone, namespace, `${name}-00001`);
}

let sequence = 0;
async function bringUp(lone: LonePlane, namespace: string, name: string): Promise<void> {
  await lone.settle();
  sequence += 1;
  await lone.plane.revisionObserved({
    ...{ revisionUid: (await find(lone, "Revision", namespace, name)).metadata.uid, sequence },
    ...{ desiredScale: 1, actualScale: 1, isInitialized: true, failure: null },
    active: { status: "True", reason: "", message: "" },
  });
  await lone.settle();
}

async function find({ plane }: LonePlane, kind: KindName, namespace: string, name: string): Promise<KubeObject> {
  const found = await plane.getObject({ kind, namespace, name });
  if (!found.ok) throw new Error(found.status.message);
  return found.value;
}

async function ready(lone: LonePlane, kind: KindName, namespace: string, name: string) {
  return findCondition((await find(lone, kind, namespace, name)).status as Route["status"], "Ready");
}

const namespaceAt = (lone: LonePlane, host: string) => lone.told.entries.get(host)?.entry?.namespace;

test("who waits for a host costs nothing, and has it when it is free", async () => {
  await LonePlane.run("two-routes", async (lone) => {
    await configure(lone, "config-network", { "domain-template": "{{.Name}}.{{.Domain}}" });
    await createService(lone, "first", "hello");
    await createService(lone, "second", "hello");
    expect(await ready(lone, "Route", "second", "hello")).toMatchObject({ status: "False", reason: "NotOwned" });
    expect(lone.query("SELECT * FROM wakes")).toEqual([]);

    await lone.plane.deleteObject({ kind: "Service", namespace: "first", name: "hello" }, BACKGROUND);
    await lone.settle();
    expect(await ready(lone, "Route", "second", "hello")).toMatchObject({ status: "True" });
    expect(namespaceAt(lone, "hello.apps.test")).toBe("second");
    expect(lone.query("SELECT * FROM host_waiters")).toEqual([]);
  });
});

test("two that want each other's hosts after a change of the template exchange them", async () => {
  await LonePlane.run("exchange", async (lone) => {
    await createService(lone, "red", "blue");
    await createService(lone, "blue", "red");
    await configure(lone, "config-network", { "domain-template": "{{.Namespace}}.{{.Name}}.{{.Domain}}" });
    await lone.settle();
    expect(namespaceAt(lone, "red.blue.apps.test")).toBe("red");
    expect(namespaceAt(lone, "blue.red.apps.test")).toBe("blue");
    expect(await ready(lone, "Service", "red", "blue")).toMatchObject({ status: "True" });
    expect(await ready(lone, "Service", "blue", "red")).toMatchObject({ status: "True" });
  });
});

test("a revision is kept while it serves, although its Route waits for a host to move on", async () => {
  await LonePlane.run("served-still", async (lone) => {
    await configure(lone, "config-gc", { "min-non-active-revisions": "0", "max-non-active-revisions": "0" });
    await createService(lone, "default", "hello");
    await createService(lone, "default", "green-hello");
    const spec = {
      traffic: [{ latestRevision: true, percent: 100, tag: "green" }],
      template: { spec: { timeoutSeconds: 9 } },
    };
    const key = { kind: "Service", namespace: "default", name: "hello" } as const;
    await lone.plane.patchObject(key, { type: "merge", body: { spec } }, WRITE);
    await bringUp(lone, "default", "hello-00002");
    const { status } = (await find(lone, "Route", "default", "hello")) as Route;
    expect(findCondition(status, "IngressReady")).toMatchObject({ status: "False", reason: "NotOwned" });
    expect(status?.traffic).toMatchObject([{ revisionName: "hello-00001", percent: 100 }]);
    expect((await find(lone, "Revision", "default", "hello-00001")).metadata.deletionTimestamp).toBeUndefined();

    await lone.plane.deleteObject({ ...key, name: "green-hello" }, BACKGROUND);
    await lone.settle();
    expect(await ready(lone, "Service", "default", "hello")).toMatchObject({ status: "True" });
    expect(lone.told.entries.get("green-hello.default.apps.test")?.entry?.targets).toMatchObject([
      { revision: "hello-00002" },
    ]);
  });
});

test.each([
  ["before", "first"],
  ["after", "second"],
])("a domain that is a short name of a Service, made %s it, has the name; both are Ready", async (_, order) => {
  await LonePlane.run(`short-name-${order}`, async (lone) => {
    await createService(lone, "shop", "front");
    if (order === "second") await createService(lone, "com", "example");
    const ref = { apiVersion: "serving.knative.dev/v1", kind: "Service", name: "front" };
    await lone.plane.createObject("DomainMapping", "shop", { metadata: { name: "example.com" }, spec: { ref } }, WRITE);
    if (order === "first") await createService(lone, "com", "example");
    await lone.settle();
    expect(await ready(lone, "Service", "com", "example")).toMatchObject({ status: "True" });
    expect(await ready(lone, "DomainMapping", "shop", "example.com")).toMatchObject({ status: "True" });
    expect(namespaceAt(lone, "example.com")).toBe("shop");

    await lone.plane.deleteObject({ kind: "DomainMapping", namespace: "shop", name: "example.com" }, BACKGROUND);
    await lone.settle();
    expect(lone.told.entries.get("example.com")?.entry).toMatchObject({
      namespace: "com",
      visibility: "cluster-local",
    });
  });
});

test("a Service has the name of another one's tag as soon as nobody else has, be it an orphan", async () => {
  await LonePlane.run("tag-name", async (lone) => {
    await createService(lone, "default", "hello");
    const key = { kind: "Service", namespace: "default", name: "hello" } as const;
    const tagged = (tag: string) => ({ spec: { traffic: [{ latestRevision: true, percent: 100, tag }] } });
    await lone.plane.patchObject(key, { type: "merge", body: tagged("green") }, WRITE);
    await lone.settle();
    await createService(lone, "default", "green-hello");
    expect(await ready(lone, "Route", "default", "green-hello")).toMatchObject({ status: "False", reason: "NotOwned" });
    await lone.plane.patchObject(key, { type: "merge", body: tagged("blue") }, WRITE);
    await lone.settle();
    expect(await ready(lone, "Route", "default", "green-hello")).toMatchObject({ status: "True" });

    await createService(lone, "default", "blue-hello");
    await lone.plane.deleteObject({ ...key, kind: "Route" }, { ...BACKGROUND, propagation: "Orphan" });
    await lone.plane.deleteObject(key, BACKGROUND);
    await lone.settle();
    expect(await ready(lone, "Route", "default", "blue-hello")).toMatchObject({ status: "False", reason: "NotOwned" });
    await lone.plane.deleteObject({ ...key, kind: "CoreService", name: "blue-hello" }, BACKGROUND);
    await lone.settle();
    expect(await ready(lone, "Route", "default", "blue-hello")).toMatchObject({ status: "True" });
  });
});

test("a host that was given up leaves no trace here once its Routes object knows", async () => {
  await LonePlane.run("private", async (lone) => {
    await createService(lone, "default", "hello");
    const key = { kind: "Service", namespace: "default", name: "hello" } as const;
    const labels = { "networking.knative.dev/visibility": "cluster-local" };
    await lone.plane.patchObject(key, { type: "merge", body: { metadata: { labels } } }, WRITE);
    await lone.settle();
    expect(await ready(lone, "Service", "default", "hello")).toMatchObject({ status: "True" });
    expect(lone.told.entries.get("hello.default.apps.test")?.entry).toBeNull();
    expect(lone.query("SELECT host FROM hosts").map(({ host }) => host)).toEqual([
      "hello.default",
      "hello.default.svc",
      "hello.default.svc.cluster.local",
    ]);
    await lone.plane.deleteObject(key, BACKGROUND);
    await lone.settle();
    expect(lone.query("SELECT host FROM hosts")).toEqual([]);
  });
});
