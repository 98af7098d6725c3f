import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { ControlPlaneRpc } from "../../../src/core/protocol/control-plane.ts";
import type { ObjectNamespace } from "../../../src/core/protocol/objects.ts";
import type { KubeObject } from "../../../src/core/resource/object.ts";
import { EventLog } from "../../../src/durable/control-plane/event-log.ts";
import { MIGRATIONS } from "../../../src/durable/control-plane/schema.ts";
import { migrate } from "../../../src/durable/migrations.ts";

const { CONTROL_PLANE } = env as unknown as { readonly CONTROL_PLANE: ObjectNamespace<ControlPlaneRpc> };
const MINUTE_MS = 60_000;

const configMap = (name: string, labels: Record<string, string> = {}): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "x", uid: name, resourceVersion: "", generation: 1, creationTimestamp: "", labels },
});

/** Runs a test on the SQLite of an object that holds nothing yet. */
function withSql(name: string, steps: number, test: (sql: SqlStorage) => void): Promise<void> {
  return runInDurableObject(CONTROL_PLANE.getByName(name) as never, async (_, state) => {
    await state.storage.deleteAll();
    migrate(state.storage.sql, MIGRATIONS.slice(0, steps));
    test(state.storage.sql);
  });
}

const namesAfter = (log: EventLog, version: number) => [...log.after(version, null)].map(({ name }) => name);

test("numbers grow by two, and labels are on record where a write changes them", async () => {
  await withSql("numbers", MIGRATIONS.length, (sql) => {
    const log = new EventLog(sql);
    const { object: first } = log.append("ADDED", configMap("a", { tier: "tin" }), null, 0);
    log.append("MODIFIED", first, first, 0);
    log.append("MODIFIED", configMap("a", { tier: "gold" }), first, 0);
    expect([...log.after(0, null)].map(({ version, before }) => [version, before])).toEqual([
      [2, null],
      [4, null],
      [6, '{"labels":{"tier":"tin"}}'],
    ]);
    expect(log.bounds()).toEqual({ oldest: 0, newest: 6 });
  });
});

test("the log keeps 10,000 writes; deletions stay behind it for 11 minutes", async () => {
  await withSql("rows", MIGRATIONS.length, (sql) => {
    const log = new EventLog(sql);
    log.append("ADDED", configMap("early"), null, 0);
    log.append("DELETED", configMap("early"), null, 0);
    for (let count = 0; count < 10_500; count++) log.append("MODIFIED", configMap("busy"), null, 10 * MINUTE_MS);
    const { oldest, newest } = log.bounds();
    expect(newest - oldest).toBeGreaterThanOrEqual(20_000);
    expect(newest - oldest).toBeLessThan(20_000 + 128);
    expect([...log.tombstones("ConfigMap", 0)].map(({ name }) => name)).toEqual(["early"]);
    expect(namesAfter(log, 0).length).toBe((newest - oldest) / 2 + 1);

    for (let count = 0; count < 64; count++) log.append("MODIFIED", configMap("busy"), null, 12 * MINUTE_MS);
    expect([...log.tombstones("ConfigMap", 0)]).toEqual([]);
  });
});

test("the log keeps 64 MB of writes, however few they are, and deletions behind them up to 256 MB", async () => {
  await withSql("bytes", MIGRATIONS.length, (sql) => {
    const log = new EventLog(sql);
    const large = { ...configMap("large"), data: { text: "é".repeat(500_000) } };
    log.append("DELETED", configMap("gone"), null, 0);
    for (let count = 0; count < 100; count++) log.append("MODIFIED", large, null, 0);
    const { oldest, newest } = log.bounds();
    expect(newest - oldest).toBeGreaterThanOrEqual(2 * 63);
    expect(newest - oldest).toBeLessThanOrEqual(2 * 72);
    const { bytes } = sql.exec("SELECT SUM(length(CAST(body AS BLOB))) AS bytes FROM events").one();
    expect(Number(bytes)).toBeLessThan(72_000_000);
    expect([...log.tombstones("ConfigMap", 0)].map(({ name }) => name)).toEqual(["gone"]);

    for (let count = 0; count < 165; count++) log.append("MODIFIED", large, null, 0);
    expect([...log.tombstones("ConfigMap", 0)]).toEqual([]);
    expect(log.bounds().oldest).toBeGreaterThan(oldest);
  });
});

test("the log forgets what is older than 11 minutes and knows that it did", async () => {
  await withSql("time", MIGRATIONS.length, (sql) => {
    const log = new EventLog(sql);
    log.append("ADDED", configMap("old"), null, 0);
    for (let count = 0; count < 64; count++) log.append("MODIFIED", configMap("new"), null, 11 * MINUTE_MS + 1);
    expect(log.bounds().oldest).toBe(2);
    expect(namesAfter(log, 0)).not.toContain("old");
  });
});

test("a database from before even versions keeps its objects, and its watches list again", async () => {
  const step = MIGRATIONS.findIndex((statements) => statements.some((text) => text.includes("eventHorizon")));
  await withSql("migration", step, (sql) => {
    const body = JSON.stringify({
      ...configMap("kept"),
      metadata: { name: "kept", resourceVersion: "7" },
      data: { a: "é" },
    });
    sql.exec("INSERT INTO counters VALUES ('resourceVersion', 9)");
    sql.exec("INSERT INTO objects VALUES ('kept', 'ConfigMap', 'x', 'kept', ?)", body);
    sql.exec("INSERT INTO events VALUES (9, 'ADDED', 'ConfigMap', 'x', 'kept', 0, '{}')");
    migrate(sql, MIGRATIONS);
    const stored = JSON.parse(String(sql.exec("SELECT body FROM objects WHERE kind = 'ConfigMap'").one().body));
    expect(stored).toMatchObject({ metadata: { name: "kept", resourceVersion: "14" }, data: { a: "é" } });
    const log = new EventLog(sql);
    expect(log.bounds()).toEqual({ oldest: 18, newest: 18 });
    expect(log.append("MODIFIED", stored, null, 0).object.metadata.resourceVersion).toBe("20");
  });
});

test("a log from when it kept labels alone still tells what selectors saw", async () => {
  const step = MIGRATIONS.findIndex((statements) => statements.some((text) => text.includes("part_before")));
  await withSql("parts", step, (sql) => {
    const body = JSON.stringify(configMap("relabelled"));
    for (const [version, labels] of [
      [2, null],
      [4, '{"tier":"tin"}'],
    ] as const) {
      sql.exec(
        "INSERT INTO events VALUES (?, 'MODIFIED', 'ConfigMap', 'x', 'relabelled', 0, ?, ?)",
        version,
        labels,
        body,
      );
    }
    migrate(sql, MIGRATIONS);
    expect([...new EventLog(sql).after(0, null)].map(({ before }) => before)).toEqual([
      null,
      '{"labels":{"tier":"tin"}}',
    ]);
  });
});
