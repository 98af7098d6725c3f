/** The state of an earlier release under this one: nothing of it is lost, and what is new comes to it. */
import { expect, test } from "vitest";
import { findCondition } from "../../../src/core/resource/conditions.ts";
import type { KindName, KubeObject } from "../../../src/core/resource/object.ts";
import type { Service } from "../../../src/core/resource/serving.ts";
import { MIGRATIONS } from "../../../src/durable/control-plane/schema.ts";
import { migrate } from "../../../src/durable/migrations.ts";
import { LonePlane } from "../fakes/lone-plane.ts";
import firstRelease from "../fixtures/first-release.json" with { type: "json" };

/** How many steps of the schema the first release knew. */
const FIRST_RELEASE_STEPS = 2;
const UID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Table → rows: a Service with two revisions and two tags, in every table something, as the first release left it. */
function becomeFirstRelease(sql: SqlStorage): void {
  const tables = sql
    .exec(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '!_cf%' ESCAPE '!'",
    )
    .toArray();
  for (const { name } of tables) sql.exec(`DROP TABLE ${name}`);
  migrate(sql, MIGRATIONS.slice(0, FIRST_RELEASE_STEPS));
  for (const [table, rows] of Object.entries(firstRelease as Record<string, Record<string, SqlStorageValue>[]>)) {
    for (const row of rows) {
      const columns = Object.keys(row);
      const query = `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`;
      sql.exec(query, ...Object.values(row));
    }
  }
}

async function find({ plane }: LonePlane, kind: KindName, namespace: string, name: string): Promise<KubeObject> {
  const found = await plane.getObject({ kind, namespace, name });
  if (!found.ok) throw new Error(found.status.message);
  return found.value;
}

test("a Service of the first release is Ready as before, with its placeholders, and nothing is restarted", async () => {
  await LonePlane.run(
    "upgraded",
    async (lone) => {
      await lone.settle();
      const service = (await find(lone, "Service", "shop", "tagged")) as Service;
      expect(findCondition(service.status, "Ready")?.status).toBe("True");
      expect(service.metadata.generation).toBe(2);
      expect(service.status?.traffic?.map(({ tag, percent }) => [tag, percent])).toEqual([
        ["old", 100],
        ["new", 0],
      ]);
      expect((await find(lone, "CoreService", "shop", "old-tagged")).metadata.ownerReferences).toMatchObject([
        { kind: "Route", name: "tagged" },
      ]);
      expect([...lone.told.destroyed]).toEqual([]);
      const hosts = [...lone.told.entries.values()].map(({ host, entry }) => [host, entry === null]);
      expect(hosts.filter(([, isGone]) => isGone)).toEqual([["gone.shop.localhost", true]]);
      expect(lone.query("SELECT id FROM identity")).toEqual([{ id: "first-control-plane" }]);
      const versions = lone.query("SELECT body ->> '$.metadata.resourceVersion' AS version FROM objects");
      expect(versions.every(({ version }) => Number(version) % 2 === 0)).toBe(true);

      lone.takeRows();
      await lone.plane.alarm();
      await lone.settle();
      expect(lone.takeRows().written).toBe(0);
    },
    becomeFirstRelease,
  );
});

test("namespaces that were only names are objects now, and all are found by the label of their name", async () => {
  await LonePlane.run(
    "upgraded-namespaces",
    async (lone) => {
      await lone.settle();
      for (const name of ["default", "shop"]) {
        const namespace = await find(lone, "Namespace", "", name);
        expect(namespace).toMatchObject({
          metadata: { name, uid: expect.stringMatching(UID), labels: { "kubernetes.io/metadata.name": name } },
          status: { phase: "Active" },
        });
        expect(Date.parse(namespace.metadata.creationTimestamp)).toBeGreaterThan(0);
      }
      const options = { isDryRun: false, propagation: "Background", uid: "", resourceVersion: "" } as const;
      const key = { kind: "Namespace", namespace: "", name: "shop" } as const;
      expect(await lone.plane.deleteObject(key, options)).toMatchObject({ ok: true });
      await lone.settle();
      expect(lone.query("SELECT kind, name FROM objects WHERE namespace = 'shop' OR name = 'shop'")).toEqual([]);
      expect(lone.told.destroyed.size).toBe(2);
    },
    becomeFirstRelease,
  );
});
