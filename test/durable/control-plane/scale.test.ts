/** Two thousand Services: what each costs does not depend on how many there are. Rows are counted, time is not. */
import { expect, test } from "vitest";
import type { RevisionObservation } from "../../../src/core/protocol/objects.ts";
import { LonePlane, type Rows } from "../fakes/lone-plane.ts";

const SERVICES = 2_000;
const BATCH = 200;
/**
 * Once the log is full each write also removes an old row, and once there are 5,000 Events each new one removes another:
 * 19 rows of 173 when a Service is created.
 */
const MOST_GROWTH = 1.15;
const OPTIONS = { user: "tester", isDryRun: false, isStrict: false, apiVersion: "serving.knative.dev/v1" };
const DELETE = { isDryRun: false, propagation: "Background", uid: "", resourceVersion: "" } as const;

const keyOf = (index: number) => ({ kind: "Service", namespace: "default", name: `s-${index}` }) as const;

function bodyOf(index: number, round: number) {
  const containers = [{ image: "dev.local/hello", env: [{ name: "ROUND", value: `${round}` }] }];
  return { metadata: { name: `s-${index}` }, spec: { template: { spec: { containers } } } };
}

/** The n-th revision of a Service has a ready pod. */
async function bringUp({ plane }: LonePlane, index: number, round: number): Promise<void> {
  const found = await plane.getObject({ kind: "Revision", namespace: "default", name: `s-${index}-0000${round}` });
  if (!found.ok) throw new Error(found.status.message);
  const observation: RevisionObservation = {
    ...{ revisionUid: found.value.metadata.uid, sequence: round, desiredScale: 1, actualScale: 1, mode: "Serve" },
    ...{ readyPods: ["pod"], isInitialized: true, active: { status: "True", reason: "", message: "" }, failure: null },
  };
  expect(await plane.revisionObserved(observation)).toBe(true);
}

/** Does something to every Service, a batch at a time. @returns rows per Service of each batch */
async function rowsOf(lone: LonePlane, step: (index: number) => Promise<unknown>): Promise<Rows[]> {
  const costs: Rows[] = [];
  for (let start = 0; start < SERVICES; start += BATCH) {
    lone.takeRows();
    for (let index = start; index < start + BATCH; index++) await step(index);
    await lone.settle();
    const { read, written } = lone.takeRows();
    costs.push({ read: read / BATCH, written: written / BATCH });
  }
  return costs;
}

/** Lists all Services by the page. @returns rows per Service of each page */
async function rowsOfPages(lone: LonePlane): Promise<Rows[]> {
  const costs: Rows[] = [];
  const names = new Set<string>();
  let continueToken = "";
  do {
    lone.takeRows();
    const selection = { kind: "Service", namespace: null, labelSelector: "", fieldSelector: "" } as const;
    const page = await lone.plane.listObjects({ ...selection, limit: BATCH, continueToken });
    if (!page.ok) throw new Error(page.status.message);
    for (const { metadata } of page.value.items) names.add(metadata.name);
    const { read, written } = lone.takeRows();
    costs.push({ read: read / BATCH, written: written / BATCH });
    continueToken = page.value.continueToken;
  } while (continueToken !== "");
  expect(names.size).toBe(SERVICES);
  return costs;
}

function expectFlat(step: string, costs: readonly Rows[]): void {
  const [first, last] = [costs[0], costs.at(-1)];
  const text = costs.map(({ read, written }) => `${read.toFixed(0)}/${written.toFixed(0)}`).join(" ");
  console.log(`rows read/written per Service, ${step}: ${text}`);
  expect(last?.read).toBeLessThan((first?.read ?? 0) * MOST_GROWTH);
  expect(last?.written).toBeLessThanOrEqual((first?.written ?? 0) * MOST_GROWTH);
}

test("each of 2,000 Services costs as much to create, bring up, update, list and delete as the first ones", async () => {
  await LonePlane.run("scale", async (lone) => {
    const { plane } = lone;
    const measure = async (name: string, step: (index: number) => Promise<unknown>) => {
      expectFlat(name, await rowsOf(lone, step));
    };
    await measure("created", async (index) => {
      expect((await plane.createObject("Service", "default", bodyOf(index, 1), OPTIONS)).ok).toBe(true);
    });
    await measure("brought up", (index) => bringUp(lone, index, 1));
    await measure("updated", async (index) => {
      const { spec } = bodyOf(index, 2);
      expect((await plane.patchObject(keyOf(index), { type: "merge", body: { spec } }, OPTIONS)).ok).toBe(true);
    });
    await measure("brought up again", (index) => bringUp(lone, index, 2));
    const ready = lone.query(
      `SELECT count(*) AS count FROM objects, json_each(body, '$.status.conditions') AS each
       WHERE kind = 'Service' AND each.value ->> 'type' = 'Ready' AND each.value ->> 'status' = 'True'`,
    );
    expect(ready).toEqual([{ count: SERVICES }]);

    lone.takeRows();
    await plane.agentObserved({
      ...{ agentUid: "agent", name: "box", sequence: 1, connection: "Connected", drivers: ["process"], labels: {} },
      capacity: { pods: 10, cpuMillis: 2_000, memoryBytes: 1e9 },
    });
    await lone.settle();
    expect(lone.takeRows().read, "rows read when an agent connects that no revision waits for").toBeLessThan(50);

    const pages = await rowsOfPages(lone);
    expect(pages).toHaveLength(SERVICES / BATCH);
    expectFlat("listed", pages);

    const described = await plane.describeRevisions({ by: "namespace", namespace: "default" });
    expect(described).toMatchObject({ revisions: { length: 2 * SERVICES }, rest: null });
    expect(lone.takeRows().read).toBeLessThan(2 * 2 * SERVICES * MOST_GROWTH);

    await measure("deleted", async (index) => {
      expect((await plane.deleteObject(keyOf(index), DELETE)).ok).toBe(true);
    });
    const left = "SELECT kind, count(*) FROM objects WHERE namespace = 'default' AND kind != 'Event' GROUP BY kind";
    expect(lone.query(left)).toEqual([]);
    expect(lone.told.destroyed.size).toBe(2 * SERVICES);
    for (const table of ["owners", "refs", "hosts", "orders", "observations", "dirty", "wakes", "outbox"]) {
      expect(lone.query(`SELECT count(*) AS count FROM ${table}`), table).toEqual([{ count: 0 }]);
    }
  });
}, 180_000);

test("how many keys wait for their time makes no key dearer", async () => {
  await LonePlane.run("waking", async (lone) => {
    const { plane } = lone;
    const cost = async (index: number) => {
      lone.takeRows();
      expect((await plane.createObject("Service", "default", bodyOf(index, 1), OPTIONS)).ok).toBe(true);
      await lone.settle();
      return lone.takeRows().read;
    };
    await cost(0);
    const before = await cost(1);
    lone.query(
      `INSERT INTO wakes (kind, namespace, name, at_ms)
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${SERVICES})
       SELECT 'Route', 'elsewhere', 'r-' || i, ${Date.now() + 3_600_000} FROM n`,
    );
    expect(await cost(2)).toBeLessThanOrEqual(before + 10);
  });
});
