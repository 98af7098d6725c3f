/** What an update of a Service costs with many old revisions: an index row for each visit, never a body. */
import { expect, test } from "vitest";
import type { Revision } from "../../../src/core/resource/serving.ts";
import { timestampOf } from "../../../src/core/resource/timestamp.ts";
import { ObjectStore } from "../../../src/durable/control-plane/object-store.ts";
import { WorkQueue } from "../../../src/durable/control-plane/work-queue.ts";
import { LonePlane } from "../fakes/lone-plane.ts";

const OPTIONS = { user: "tester", isDryRun: false, isStrict: false, apiVersion: "serving.knative.dev/v1" };

const specOf = (round: number) => ({
  template: { spec: { containers: [{ image: "dev.local/hello", env: [{ name: "ROUND", value: `${round}` }] }] } },
});

async function bringUp(lone: LonePlane, round: number): Promise<Revision> {
  await lone.settle();
  const name = `kept-${String(round).padStart(5, "0")}`;
  const found = await lone.plane.getObject({ kind: "Revision", namespace: "default", name });
  if (!found.ok) throw new Error(found.status.message);
  await lone.plane.revisionObserved({
    ...{ revisionUid: found.value.metadata.uid, sequence: round, desiredScale: 1, actualScale: 1, isInitialized: true },
    ...{ active: { status: "True", reason: "", message: "" }, failure: null },
  });
  await lone.settle();
  return found.value as Revision;
}

/** As if they had been updated away a minute ago. */
function addRetained(lone: LonePlane, like: Revision, count: number): void {
  const store = new ObjectStore(lone.storage.sql, new WorkQueue(lone.storage.sql));
  const nowMs = Date.now();
  for (let index = 0; index < count; index++) {
    const { labels, annotations, ...metadata } = like.metadata;
    const revision: Revision = {
      ...like,
      status: { observedGeneration: 1, conditions: [{ type: "Ready", status: "True" }] },
      metadata: {
        ...{ ...metadata, name: `kept-old-${index}`, uid: crypto.randomUUID() },
        labels: {
          ...labels,
          "serving.knative.dev/routingState": "reserve",
          "serving.knative.dev/configurationGeneration": "0",
        },
        annotations: { "serving.knative.dev/routingStateModified": timestampOf(nowMs - 60_000) },
      },
    };
    store.put(revision, null, nowMs);
  }
}

async function rowsOfUpdate(retained: number): Promise<number> {
  let read = 0;
  await LonePlane.run(`retained-${retained}`, async (lone) => {
    const body = { metadata: { name: "kept" }, spec: specOf(1) };
    expect((await lone.plane.createObject("Service", "default", body, OPTIONS)).ok).toBe(true);
    addRetained(lone, await bringUp(lone, 1), retained);
    lone.takeRows();
    const patch = { type: "merge", body: { spec: specOf(2) } } as const;
    await lone.plane.patchObject({ kind: "Service", namespace: "default", name: "kept" }, patch, OPTIONS);
    await bringUp(lone, 2);
    read = lone.takeRows().read;
    console.log(`rows read per update, ${retained} revisions kept: ${read}`);
  });
  return read;
}

/** The Configuration is visited so often while an update runs its course. */
const VISITS = 8;

test("an old revision that is kept costs an update one row per visit of its Configuration", async () => {
  const [few, some, many] = [await rowsOfUpdate(20), await rowsOfUpdate(150), await rowsOfUpdate(500)];
  expect(some - few).toBeLessThanOrEqual(VISITS * 130);
  expect(many - few).toBeLessThanOrEqual(VISITS * 480);
});
