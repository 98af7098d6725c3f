/** Deletion on the real store: in which order objects go, and what holds them. */
import { expect, test, vi } from "vitest";
import type { DeleteOptions } from "../../../src/core/protocol/control-plane.ts";
import { findCondition } from "../../../src/core/resource/conditions.ts";
import type { KindName, KubeObject } from "../../../src/core/resource/object.ts";
import type { Configuration, Route, Service } from "../../../src/core/resource/serving.ts";
import { ObjectStore } from "../../../src/durable/control-plane/object-store.ts";
import { WorkQueue } from "../../../src/durable/control-plane/work-queue.ts";
import { LonePlane } from "../fakes/lone-plane.ts";

const SERVING = { user: "tester", isDryRun: false, isStrict: false, apiVersion: "serving.knative.dev/v1" };
const CORE = { ...SERVING, apiVersion: "v1" };

/** One Service with a ready revision, in a namespace of its own. */
class Cluster {
  readonly lone: LonePlane;
  readonly namespace: string;
  constructor(lone: LonePlane, namespace: string) {
    this.lone = lone;
    this.namespace = namespace;
  }

  static async run(namespace: string, test: (cluster: Cluster) => Promise<void>): Promise<void> {
    await LonePlane.run(`deletion-${namespace}`, async (lone) => {
      const cluster = new Cluster(lone, namespace);
      await cluster.create("Service", { metadata: { name: "hello" }, spec: SPEC }, SERVING);
      await lone.settle();
      const revision = await cluster.get("Revision", "hello-00001");
      await lone.plane.revisionObserved({
        ...{ revisionUid: revision?.metadata.uid ?? "", sequence: 1, desiredScale: 1, actualScale: 1 },
        ...{ isInitialized: true, active: { status: "True", reason: "", message: "" }, failure: null },
      });
      await lone.settle();
      await test(cluster);
    });
  }

  key(kind: KindName, name: string) {
    return { kind, namespace: kind === "Namespace" ? "" : this.namespace, name };
  }

  async get(kind: KindName, name: string): Promise<KubeObject | null> {
    const found = await this.lone.plane.getObject(this.key(kind, name));
    return found.ok ? found.value : null;
  }

  create(kind: KindName, body: object, options = CORE) {
    return this.lone.plane.createObject(kind, kind === "Namespace" ? "" : this.namespace, body, options);
  }

  async delete(kind: KindName, name: string, propagation: DeleteOptions["propagation"]) {
    const options = { isDryRun: false, propagation, uid: "", resourceVersion: "" };
    return this.lone.plane.deleteObject(this.key(kind, name), options);
  }

  patch(kind: KindName, name: string, body: object) {
    return this.lone.plane.patchObject(this.key(kind, name), { type: "merge", body }, SERVING);
  }

  left(): string[] {
    return this.lone
      .query(
        "SELECT kind, name FROM objects WHERE namespace = ? AND kind != 'Event' ORDER BY kind, name",
        this.namespace,
      )
      .map(({ kind, name }) => `${kind}/${name}`);
  }

  /** Kinds in the order in which they were deleted. */
  gone(): unknown[] {
    return this.lone
      .query(
        "SELECT kind FROM events WHERE type = 'DELETED' AND namespace = ? AND kind != 'Event' ORDER BY resource_version",
        this.namespace,
      )
      .map(({ kind }) => kind);
  }
}

const SPEC = { template: { spec: { containers: [{ image: "dev.local/hello" }] } } };

test("in the background the owner goes first", async () => {
  await Cluster.run("background", async (cluster) => {
    await cluster.delete("Service", "hello", "Background");
    expect(cluster.left()).toEqual(["Revision/hello-00001"]);
    await cluster.lone.settle();
    expect(cluster.left()).toEqual([]);
    expect(cluster.gone()[0]).toBe("Service");
  });
});

test("in the foreground the owner goes last, marked until then", async () => {
  await Cluster.run("foreground", async (cluster) => {
    const answer = await cluster.delete("Service", "hello", "Foreground");
    expect(answer).toMatchObject({
      value: {
        kind: "Service",
        metadata: { finalizers: ["foregroundDeletion"], deletionTimestamp: expect.any(String) },
      },
    });
    const again = await cluster.create("Service", { metadata: { name: "hello" }, spec: SPEC }, SERVING);
    expect(again).toMatchObject({
      status: {
        reason: "AlreadyExists",
        message: 'object is being deleted: services.serving.knative.dev "hello" already exists',
      },
    });
    await cluster.lone.settle();
    expect(cluster.left()).toEqual([]);
    expect(cluster.gone().at(-1)).toBe("Service");
    expect(cluster.gone().indexOf("Revision")).toBeLessThan(cluster.gone().indexOf("Configuration"));
  });
});

test("orphans stay, without their owner", async () => {
  await Cluster.run("orphan", async (cluster) => {
    await cluster.delete("Service", "hello", "Orphan");
    await cluster.lone.settle();
    expect(cluster.left()).toEqual(["Configuration/hello", "CoreService/hello", "Revision/hello-00001", "Route/hello"]);
    expect((await cluster.get("Route", "hello"))?.metadata.ownerReferences).toBeUndefined();
  });
});

test("a finalizer of a client holds an object until the client takes it off", async () => {
  await Cluster.run("held", async (cluster) => {
    await cluster.patch("Service", "hello", { metadata: { finalizers: ["acme.dev/backup"] } });
    await cluster.delete("Service", "hello", "Background");
    await cluster.lone.settle();
    expect(cluster.left()).toContain("Configuration/hello");
    const more = await cluster.patch("Service", "hello", {
      metadata: { finalizers: ["acme.dev/backup", "acme.dev/b"] },
    });
    expect(!more.ok && more.status.message).toContain(
      'no new finalizers can be added if the object is being deleted, found new finalizers []string{"acme.dev/b"}: metadata.finalizers',
    );
    expect(await cluster.patch("Service", "hello", { metadata: { finalizers: null } })).toMatchObject({ ok: true });
    await cluster.lone.settle();
    expect(cluster.left()).toEqual([]);
  });
});

test("nobody but the system lets a Revision go before its pods are gone", async () => {
  await Cluster.run("pods", async (cluster) => {
    await cluster.patch("Revision", "hello-00001", { metadata: { finalizers: null } });
    const { metadata } = (await cluster.get("Revision", "hello-00001")) as KubeObject;
    expect(metadata.finalizers).toEqual(["revisions.rouse.dev/pods"]);
  });
});

test("the system's finalizers mean nothing on other kinds: neither to the namespace of that name, nor for ever", async () => {
  await Cluster.run("fake", async (cluster) => {
    const finalizers = ["kubernetes", "revisions.rouse.dev/pods"];
    await cluster.create("ConfigMap", { metadata: { name: "fake", finalizers } });
    const before = cluster.left();
    await cluster.delete("ConfigMap", "fake", "Background");
    await cluster.lone.settle();
    expect(cluster.left()).toEqual(before);
    await cluster.patch("ConfigMap", "fake", { metadata: { finalizers: null } });
    expect(cluster.left()).toEqual(before.filter((name) => name !== "ConfigMap/fake"));
  });
});

test("a long chain of owners goes like a short one", async () => {
  await Cluster.run("chain", async (cluster) => {
    const before = cluster.left();
    const owner = (name: string, uid: string) => ({ apiVersion: "v1", kind: "ConfigMap", name, uid });
    let above: ReturnType<typeof owner>[] = [];
    for (let depth = 0; depth < 2_000; depth++) {
      const name = `depth-${depth}`;
      const made = await cluster.create("ConfigMap", { metadata: { name, ownerReferences: above } });
      if (!made.ok) throw new Error(made.status.message);
      above = [owner(name, made.value.metadata.uid)];
    }
    expect(await cluster.delete("ConfigMap", "depth-0", "Background")).toMatchObject({ ok: true });
    await cluster.lone.settle();
    expect(cluster.left()).toEqual(before);
    expect(cluster.gone()).toHaveLength(2_000);
  });
});

test("a namespace is Terminating, takes nothing new and goes when it is empty", async () => {
  await Cluster.run("leaving", async (cluster) => {
    await cluster.create("ConfigMap", { metadata: { name: "settings", finalizers: ["acme.dev/hold"] } });
    expect(await cluster.delete("Namespace", "leaving", "Background")).toMatchObject({
      value: { kind: "Namespace", status: { phase: "Terminating" } },
    });
    await cluster.lone.settle();
    expect(cluster.left()).toEqual(["ConfigMap/settings"]);
    expect(await cluster.create("Secret", { metadata: { name: "late" } })).toMatchObject({
      status: {
        code: 403,
        message:
          'secrets "late" is forbidden: unable to create new content in namespace leaving because it is being terminated',
      },
    });
    await cluster.patch("ConfigMap", "settings", { metadata: { finalizers: [] } });
    await cluster.lone.settle();
    expect(await cluster.get("Namespace", "leaving")).toBeNull();
    expect(cluster.left()).toEqual([]);
  });
});

test("a Revision that is deleted while traffic goes to it is missed, then made again", async () => {
  await Cluster.run("missed", async (cluster) => {
    await cluster.patch("Service", "hello", {
      spec: {
        ...SPEC,
        traffic: [{ revisionName: "hello-00001", percent: 100 }],
        template: { metadata: { name: "hello-two" } },
      },
    });
    await cluster.lone.settle();
    await cluster.delete("Revision", "hello-00001", "Background");
    await cluster.lone.settle();
    const route = (await cluster.get("Route", "hello")) as Route;
    expect(findCondition(route.status, "AllTrafficAssigned")).toMatchObject({
      status: "False",
      reason: "RevisionMissing",
      message: 'Revision "hello-00001" referenced in traffic not found.',
    });
    const configuration = (await cluster.get("Configuration", "hello")) as Configuration;
    expect(findCondition(configuration.status, "Ready")).toMatchObject({
      status: "False",
      reason: "RevisionDeleted",
      message: 'Revision "hello-00001" was deleted.',
    });
  });
});

test("a Service whose Route's name is somebody else's makes its own when that one goes", async () => {
  await Cluster.run("foreign", async (cluster) => {
    const traffic = [{ configurationName: "hello", latestRevision: true, percent: 100 }];
    await cluster.create("Route", { metadata: { name: "late" }, spec: { traffic } }, SERVING);
    await cluster.create("Service", { metadata: { name: "late" }, spec: SPEC }, SERVING);
    await cluster.lone.settle();
    const before = (await cluster.get("Service", "late")) as Service;
    expect(findCondition(before.status, "RoutesReady")).toMatchObject({ status: "False", reason: "NotOwned" });
    await cluster.delete("Route", "late", "Background");
    await cluster.lone.settle();
    expect((await cluster.get("Route", "late"))?.metadata.ownerReferences).toMatchObject([{ kind: "Service" }]);
  });
});

test("an orphaned placeholder is not a new Route's, and in its way until it is deleted", async () => {
  await Cluster.run("placeholder", async (cluster) => {
    await cluster.delete("Route", "hello", "Orphan");
    await cluster.lone.settle();
    const ingress = async () => findCondition(((await cluster.get("Route", "hello")) as Route).status, "IngressReady");
    expect(await ingress()).toMatchObject({
      status: "False",
      reason: "NotOwned",
      message: 'There is an existing placeholder Service "hello" that we do not own.',
    });
    await cluster.delete("CoreService", "hello", "Background");
    await cluster.lone.settle();
    expect(await ingress()).toMatchObject({ status: "True" });
    expect((await cluster.get("CoreService", "hello"))?.metadata.ownerReferences).toMatchObject([{ kind: "Route" }]);
  });
});

test("the thousands of children of an owner go in slices, and requests have their turn between them", async () => {
  await LonePlane.run("cascade", async (lone) => {
    const { plane } = lone;
    const apiVersion = "v1";
    const body = { metadata: { name: "owner" }, data: {} };
    const made = await plane.createObject("ConfigMap", "default", body, CORE);
    if (!made.ok) throw new Error(made.status.message);
    const { uid } = made.value.metadata;
    const ownerReferences = [{ apiVersion, kind: "ConfigMap", name: "owner", uid }];
    const store = new ObjectStore(lone.storage.sql, new WorkQueue(lone.storage.sql));
    for (let index = 0; index < 1_000; index++) {
      const metadata = { ...made.value.metadata, name: `child-${index}`, uid: `child-${index}`, ownerReferences };
      store.put({ ...made.value, metadata }, null, Date.now());
    }
    const background = { isDryRun: false, propagation: "Background", uid: "", resourceVersion: "" } as const;
    await plane.deleteObject({ kind: "ConfigMap", namespace: "default", name: "owner" }, background);
    const left = () => Number(lone.query("SELECT count(*) AS count FROM objects WHERE uid LIKE 'child-%'")[0]?.count);
    const counts = [left()];
    while (left() > 0) {
      const before = left();
      await vi.waitFor(() => expect(left()).toBeLessThan(before), { interval: 0 });
      counts.push(left());
    }
    expect(counts[0]).toBe(801);
    for (const [index, count] of counts.slice(1).entries())
      expect((counts[index] ?? 0) - count).toBeLessThanOrEqual(200);
    expect(lone.query("SELECT count(*) AS count FROM cascades")).toEqual([{ count: 0 }]);
  });
});

test("an object goes with the owner that a client gave it later, and stays when the client took it off", async () => {
  await Cluster.run("adopted", async (cluster) => {
    for (const name of ["owner", "child", "free"]) await cluster.create("ConfigMap", { metadata: { name } });
    const uid = (await cluster.get("ConfigMap", "owner"))?.metadata.uid;
    const ownerReferences = [{ apiVersion: "v1", kind: "ConfigMap", name: "owner", uid }];
    for (const name of ["child", "free"]) await cluster.patch("ConfigMap", name, { metadata: { ownerReferences } });
    await cluster.patch("ConfigMap", "free", { metadata: { ownerReferences: null } });
    await cluster.patch("Route", "hello", { metadata: { ownerReferences } });
    expect((await cluster.get("Route", "hello"))?.metadata.ownerReferences).toMatchObject([
      { name: "owner" },
      { kind: "Service", name: "hello", controller: true },
    ]);
    await cluster.delete("ConfigMap", "owner", "Background");
    await cluster.lone.settle();
    expect(await cluster.get("ConfigMap", "child")).toBeNull();
    expect(await cluster.get("ConfigMap", "free")).not.toBeNull();
    expect((await cluster.get("Route", "hello"))?.metadata.ownerReferences).toMatchObject([{ kind: "Service" }]);
  });
});

test("a configuration that waits for the name of another's revision gets it when that is gone", async () => {
  await Cluster.run("names", async (cluster) => {
    const named = (name: string) => ({
      metadata: { name },
      spec: { template: { ...SPEC.template, metadata: { name: "shop-new-1" } } },
    });
    for (const name of ["shop", "shop-new"]) {
      expect(await cluster.create("Configuration", named(name), SERVING)).toMatchObject({ ok: true });
      await cluster.lone.settle();
    }
    const ready = async () =>
      findCondition(((await cluster.get("Configuration", "shop-new")) as Configuration).status, "Ready");
    expect((await ready())?.message).toContain('"shop-new-1" already exists');
    await cluster.delete("Configuration", "shop", "Background");
    await cluster.lone.settle();
    expect((await ready())?.status).toBe("Unknown");
    expect((await cluster.get("Revision", "shop-new-1"))?.metadata.ownerReferences).toMatchObject([
      { name: "shop-new" },
    ]);
  });
});
