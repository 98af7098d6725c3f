import { expect, test } from "vitest";
import type { EventObject, Happening } from "../../../src/core/resource/event.ts";
import type { KubeObject } from "../../../src/core/resource/object.ts";
import { World } from "../../../src/durable/control-plane/world.ts";
import { LonePlane } from "../fakes/lone-plane.ts";

const HOUR_MS = 3_600_000;
const OBJECT: KubeObject = {
  apiVersion: "serving.knative.dev/v1",
  kind: "Revision",
  metadata: {
    ...{ name: "hello-00001", namespace: "default", uid: "uid", resourceVersion: "2", generation: 1 },
    creationTimestamp: "2026-01-31T12:00:00Z",
  },
};

/** Tells of things that happened to one revision. */
async function telling(name: string, test: (tell: (message: string, atMs: number) => void, lone: LonePlane) => void) {
  await LonePlane.run(name, async (lone) => {
    const world = new World(lone.storage.sql, { defaultDomain: "apps.test", settleMs: 0 });
    test((message, atMs) => {
      const happening: Happening = { object: OBJECT, type: "Normal", reason: "Told", message };
      world.apply({ type: "event", happening }, atMs);
    }, lone);
  });
}

const kept = (lone: LonePlane) =>
  lone.query(
    "SELECT body ->> '$.message' AS message, body ->> '$.count' AS count FROM objects WHERE kind = 'Event' ORDER BY 1",
  );

test("a Service tells seven things until it is ready, and nothing after that", async () => {
  await LonePlane.run("events-service", async (lone) => {
    const body = { metadata: { name: "hello" }, spec: { template: { spec: { containers: [{ image: "a/b" }] } } } };
    const options = { user: "ann", isDryRun: false, isStrict: false, apiVersion: "serving.knative.dev/v1" };
    await lone.plane.createObject("Service", "default", body, options);
    await lone.settle();
    const found = await lone.plane.getObject({ kind: "Revision", namespace: "default", name: "hello-00001" });
    const observation = {
      ...{
        revisionUid: found.ok ? found.value.metadata.uid : "",
        desiredScale: 1,
        actualScale: 1,
        isInitialized: true,
      },
      ...{ active: { status: "True", reason: "", message: "" } as const, failure: null },
    };
    for (const sequence of [1, 2]) {
      await lone.plane.revisionObserved({ ...observation, sequence });
      await lone.settle();
      const told = lone.query(
        `SELECT body ->> '$.involvedObject.kind' || ' ' || (body ->> '$.reason') || ' ' || (body ->> '$.count') AS text
         FROM objects WHERE kind = 'Event' ORDER BY 1`,
      );
      expect(told.map(({ text }) => text)).toEqual([
        "Configuration ConfigurationReady 1",
        "Configuration Created 1",
        "Configuration LatestReadyUpdate 1",
        "Revision RevisionReady 1",
        "Route Created 1",
        "Service Created 1",
        "Service Created 1",
      ]);
    }
  });
});

test("an event that repeats is one object, and nobody is asked to reconcile it", async () => {
  await telling("events-repeat", (tell, lone) => {
    for (let i = 0; i < 3; i++) tell("again", i * 1_000);
    tell("once", 3_000);
    expect(kept(lone)).toEqual([
      { message: "again", count: 3 },
      { message: "once", count: 1 },
    ]);
    expect(lone.query("SELECT kind FROM dirty WHERE kind = 'Event'")).toEqual([]);
    expect(lone.query("SELECT count(*) AS count FROM kept_events")).toEqual([{ count: 2 }]);
  });
});

test("an event goes an hour after it happened last, when another one comes", async () => {
  await telling("events-old", (tell, lone) => {
    tell("old", 0);
    tell("repeated", 0);
    tell("repeated", HOUR_MS - 1_000);
    tell("new", HOUR_MS + 1_000);
    expect(kept(lone).map(({ message }) => message)).toEqual(["new", "repeated"]);
    expect(lone.query("SELECT count(*) AS count FROM events WHERE kind = 'Event' AND type = 'DELETED'")).toEqual([
      { count: 0 },
    ]);
  });
});

test("of very many events the newest 5,000 are kept, at the same cost for each", async () => {
  await telling("events-many", (tell, lone) => {
    for (let i = 0; i < 5_001; i++) tell(`m${i}`, i);
    lone.takeRows();
    for (let i = 5_001; i < 5_011; i++) tell(`m${i}`, i);
    expect(lone.query("SELECT count(*) AS count FROM objects WHERE kind = 'Event'")).toEqual([{ count: 5_000 }]);
    expect(lone.takeRows().read).toBeLessThan(10 * 40);
  });
});

test("an Event goes when it is deleted in the foreground, too", async () => {
  await telling("events-foreground", (tell) => tell("deleted", Date.now()));
  await LonePlane.run("events-foreground", async (lone) => {
    const [row] = lone.query("SELECT namespace, name FROM objects WHERE kind = 'Event'");
    const key = { kind: "Event", namespace: String(row?.namespace), name: String(row?.name) } as const;
    const options = { isDryRun: false, propagation: "Foreground", uid: "", resourceVersion: "" } as const;
    expect(await lone.plane.deleteObject(key, options)).toMatchObject({ value: { kind: "Event" } });
    await lone.settle();
    expect(await lone.plane.getObject(key)).toMatchObject({ ok: false, status: { reason: "NotFound" } });
  });
});

test("a list leaves out what is older than an hour, though nothing came that removed it", async () => {
  await LonePlane.run("events-listed", async (lone) => {
    const world = new World(lone.storage.sql, { defaultDomain: "apps.test", settleMs: 0 });
    const tell = (message: string, atMs: number) =>
      world.apply({ type: "event", happening: { object: OBJECT, type: "Normal", reason: "Told", message } }, atMs);
    const nowMs = Date.now();
    tell("old", nowMs - HOUR_MS - 2_000);
    tell("young", nowMs - HOUR_MS + 60_000);
    const query = { kind: "Event", namespace: "default", limit: 0, continueToken: "" } as const;
    const listed = await lone.plane.listObjects({ ...query, labelSelector: "", fieldSelector: "" });
    expect(listed.ok && listed.value.items.map((event) => (event as EventObject).message)).toEqual(["young"]);
    expect(kept(lone).map(({ message }) => message)).toEqual(["old", "young"]);
  });
});
