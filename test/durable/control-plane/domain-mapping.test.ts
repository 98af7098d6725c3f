/** Mappings of a domain on the real store: what answers there, whatever happens to the Services behind it. */
import { expect, test } from "vitest";
import { findCondition } from "../../../src/core/resource/conditions.ts";
import type { DomainMapping } from "../../../src/core/resource/domain-mapping.ts";
import { LonePlane } from "../fakes/lone-plane.ts";

const SERVING = { user: "tester", isDryRun: false, isStrict: false, apiVersion: "serving.knative.dev/v1" };
const MAPPINGS = { ...SERVING, apiVersion: "serving.knative.dev/v1beta1" };
const BACKGROUND = { isDryRun: false, propagation: "Background", uid: "", resourceVersion: "" } as const;
const DOMAIN = "shop.org";

async function createService({ plane }: LonePlane, namespace: string, name: string): Promise<void> {
  const body = { metadata: { name }, spec: { template: { spec: { containers: [{ image: "dev.local/hello" }] } } } };
  expect((await plane.createObject("Service", namespace, body, SERVING)).ok).toBe(true);
}

let sequence = 0;
async function bringUp(lone: LonePlane, namespace: string, name: string): Promise<void> {
  await lone.settle();
  const revision = await lone.plane.getObject({ kind: "Revision", namespace, name });
  if (!revision.ok) throw new Error(revision.status.message);
  sequence += 1;
  await lone.plane.revisionObserved({
    ...{ revisionUid: revision.value.metadata.uid, sequence, desiredScale: 1, actualScale: 1, isInitialized: true },
    ...{ active: { status: "True", reason: "", message: "" }, failure: null },
  });
  await lone.settle();
}

async function map({ plane }: LonePlane, namespace: string, service: string): Promise<void> {
  const ref = { apiVersion: "serving.knative.dev/v1", kind: "Service", name: service };
  const created = await plane.createObject(
    "DomainMapping",
    namespace,
    { metadata: { name: DOMAIN }, spec: { ref } },
    MAPPINGS,
  );
  expect(created).toMatchObject({ ok: true });
}

async function conditionsOf({ plane }: LonePlane, namespace: string): Promise<Record<string, string | undefined>> {
  const found = await plane.getObject({ kind: "DomainMapping", namespace, name: DOMAIN });
  if (!found.ok) throw new Error(found.status.message);
  const { status } = found.value as DomainMapping;
  const types = ["Ready", "DomainClaimed", "ReferenceResolved", "IngressReady"];
  return Object.fromEntries(types.map((type) => [type, findCondition(status, type)?.status]));
}

const revisionsAt = (lone: LonePlane, host: string) =>
  lone.told.entries.get(host)?.entry?.targets.map(({ revision, percent }) => `${revision} ${percent}`) ?? null;

test("a domain answers with what the Service answers with, through changes of its traffic and until it is gone", async () => {
  await LonePlane.run("mapped", async (lone) => {
    await map(lone, "default", "hello");
    await lone.settle();
    expect(await conditionsOf(lone, "default")).toMatchObject({ Ready: "False", ReferenceResolved: "False" });

    await createService(lone, "default", "hello");
    await bringUp(lone, "default", "hello-00001");
    expect(await conditionsOf(lone, "default")).toMatchObject({ Ready: "True" });
    expect(revisionsAt(lone, DOMAIN)).toEqual(["hello-00001 100"]);
    expect(lone.told.entries.get(DOMAIN)?.entry).toMatchObject({ visibility: "external", route: "hello" });

    const key = { kind: "Service", namespace: "default", name: "hello" } as const;
    const traffic = [
      { revisionName: "hello-00001", percent: 30 },
      { latestRevision: true, percent: 70 },
    ];
    const spec = { traffic, template: { spec: { timeoutSeconds: 9 } } };
    await lone.plane.patchObject(key, { type: "merge", body: { spec } }, SERVING);
    await bringUp(lone, "default", "hello-00002");
    expect(revisionsAt(lone, DOMAIN)).toEqual(["hello-00001 30", "hello-00002 70"]);
    expect(await conditionsOf(lone, "default")).toMatchObject({ Ready: "True" });

    await lone.plane.deleteObject(key, BACKGROUND);
    await lone.settle();
    expect(revisionsAt(lone, DOMAIN)).toBeNull();
    expect(await conditionsOf(lone, "default")).toMatchObject({ Ready: "False", ReferenceResolved: "False" });
  });
});

test("of two mappings the first has the domain, and the second takes over by itself", async () => {
  await LonePlane.run("claimed", async (lone) => {
    for (const namespace of ["zoo", "farm"]) {
      await createService(lone, namespace, "hello");
      await bringUp(lone, namespace, "hello-00001");
    }
    await map(lone, "zoo", "hello");
    await map(lone, "farm", "hello");
    await lone.settle();
    expect(await conditionsOf(lone, "zoo")).toMatchObject({ Ready: "True" });
    expect(await conditionsOf(lone, "farm")).toMatchObject({ Ready: "False", DomainClaimed: "False" });
    expect(lone.told.entries.get(DOMAIN)?.entry?.namespace).toBe("zoo");

    await lone.plane.deleteObject({ kind: "DomainMapping", namespace: "zoo", name: DOMAIN }, BACKGROUND);
    await lone.settle();
    expect(await conditionsOf(lone, "farm")).toMatchObject({ Ready: "True" });
    expect(lone.told.entries.get(DOMAIN)?.entry?.namespace).toBe("farm");
    expect(lone.query("SELECT count(*) AS count FROM claims")).toEqual([{ count: 1 }]);
  });
});

test("a mapping to the placeholder of a tag answers with that tag's revision", async () => {
  await LonePlane.run("tag-mapped", async (lone) => {
    await createService(lone, "default", "hello");
    await bringUp(lone, "default", "hello-00001");
    const key = { kind: "Service", namespace: "default", name: "hello" } as const;
    const traffic = [
      { tag: "old", revisionName: "hello-00001", percent: 0 },
      { latestRevision: true, percent: 100 },
    ];
    const spec = { traffic, template: { spec: { timeoutSeconds: 9 } } };
    await lone.plane.patchObject(key, { type: "merge", body: { spec } }, SERVING);
    await bringUp(lone, "default", "hello-00002");
    const ref = { apiVersion: "v1", kind: "Service", name: "old-hello" };
    await lone.plane.createObject("DomainMapping", "default", { metadata: { name: DOMAIN }, spec: { ref } }, MAPPINGS);
    await lone.settle();
    expect(revisionsAt(lone, DOMAIN)).toEqual(["hello-00001 100"]);
    expect(await conditionsOf(lone, "default")).toMatchObject({ Ready: "True" });
  });
});
