import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { ObjectNamespace, RouteEntry, RoutesRpc } from "../../src/core/protocol/objects.ts";
import { formatRouteCopy, routeCopyKey } from "../../src/core/routing/copy.ts";
import { Copier, type RouteCopies } from "../../src/durable/routes/copier.ts";
import { EntryStore } from "../../src/durable/routes/entry-store.ts";

const { ROUTES, ROUTE_COPIES } = env as unknown as {
  readonly ROUTES: ObjectNamespace<RoutesRpc>;
  readonly ROUTE_COPIES: KVNamespace;
};

const DAY_MS = 24 * 3_600_000;

function entry(host: string, generation: number): RouteEntry {
  const target = { revisionUid: "r", revision: "hello-00001", percent: 100, timeoutSec: 300 };
  return {
    host,
    routeUid: "u",
    namespace: "default",
    route: "hello",
    visibility: "external",
    targets: [target],
    generation,
  };
}

/** A change of a host, or its deletion. */
function change(host: string, sequence: number, isDeleted = false) {
  return { host, sequence, entry: isDeleted ? null : entry(host, sequence) };
}

afterEach(() => {
  vi.restoreAllMocks();
});

it("answers with the entry of a host and with null for an unknown one", async () => {
  const routes = ROUTES.getByName("routes-test-1");
  await routes.putEntries([change("a.test", 1)]);
  expect(await routes.resolve("a.test")).toMatchObject({ host: "a.test", generation: 1 });
  expect(await routes.resolve("b.test")).toBeNull();
});

it("drops a change that is older than what it has, also after a deletion", async () => {
  const routes = ROUTES.getByName("routes-test-2");
  await routes.putEntries([change("a.test", 5)]);
  await routes.putEntries([change("a.test", 4), change("a.test", 5)]);
  expect(await routes.resolve("a.test")).toMatchObject({ generation: 5 });
  await routes.putEntries([change("a.test", 6, true)]);
  await routes.putEntries([change("a.test", 5)]);
  expect(await routes.resolve("a.test")).toBeNull();
  await routes.putEntries([change("a.test", 7)]);
  await routes.putEntries([change("a.test", 6, true)]);
  expect(await routes.resolve("a.test")).toMatchObject({ generation: 7 });
});

describe("a deleted host", () => {
  it("leaves no row after a day, and what is late stays late all the same", () =>
    runInDurableObject(ROUTES.getByName("routes-test-3") as never, (_, state) => {
      const store = new EntryStore(state.storage.sql);
      const rows = () => state.storage.sql.exec("SELECT host FROM entries ORDER BY host").toArray();
      for (const put of [change("a.test", 1), change("b.test", 2), change("a.test", 5, true)]) store.put(put, 1_000);
      store.forgetDeleted(1_000 + DAY_MS - 1, false);
      expect(rows()).toEqual([{ host: "a.test" }, { host: "b.test" }]);
      expect(store.nextDueMs(false)).toBe(1_000 + DAY_MS);

      store.forgetDeleted(1_000 + DAY_MS, false);
      expect(rows()).toEqual([{ host: "b.test" }]);
      store.put(change("a.test", 4), 1_000 + DAY_MS);
      expect(store.get("a.test")).toBeNull();
      store.put(change("a.test", 6), 1_000 + DAY_MS);
      expect(store.get("a.test")).toMatchObject({ generation: 6 });
      expect(store.nextDueMs(false)).toBeNull();
    }));

  it("is kept until its copy is gone", () =>
    runInDurableObject(ROUTES.getByName("routes-test-4") as never, (_, state) => {
      const store = new EntryStore(state.storage.sql);
      store.put(change("a.test", 1, true), 1_000);
      store.forgetDeleted(1_000 + DAY_MS, true);
      const [due] = store.dueCopies(1_000 + DAY_MS, 10);
      expect(due).toEqual({ host: "a.test", sequence: 1, entry: null });
      if (due !== undefined) store.copied(due, 2_000 + DAY_MS);
      store.forgetDeleted(2_000 + DAY_MS, true);
      expect(store.nextDueMs(true)).toBeNull();
    }));
});

describe("copies", () => {
  it("follow what the object has, soon after it answered", async () => {
    const routes = ROUTES.getByName("routes-test-5");
    const copyOf = (host: string) => ROUTE_COPIES.get(routeCopyKey(host));
    await routes.putEntries([change("a.test", 1), change("b.test", 2)]);
    await vi.waitFor(async () => expect(await copyOf("a.test")).toBe(formatRouteCopy(entry("a.test", 1))));
    await routes.putEntries([change("a.test", 3, true)]);
    await vi.waitFor(async () => expect(await copyOf("a.test")).toBeNull(), { timeout: 5_000 });
    expect(await copyOf("b.test")).toBe(formatRouteCopy(entry("b.test", 2)));
  });

  it("are made of entries that are older than the binding", async () => {
    const routes = ROUTES.getByName("routes-test-6");
    await runInDurableObject(routes as never, async (_, state) => {
      new EntryStore(state.storage.sql).put(change("old.test", 1), 0);
      await state.storage.setAlarm(Date.now() + 60_000);
    });
    expect(await runDurableObjectAlarm(routes as never)).toBe(true);
    expect(await ROUTE_COPIES.get(routeCopyKey("old.test"))).toBe(formatRouteCopy(entry("old.test", 1)));
  });

  it("are written at most once a second for each host, and the newest is the last", () =>
    withCopier("routes-test-7", async ({ store, copier, written, clock }) => {
      for (let sequence = 1; sequence <= 30; sequence += 1) {
        store.put(change("a.test", sequence), clock.nowMs);
        await copier.run();
        clock.nowMs += 100;
      }
      clock.nowMs += 1_000;
      await copier.run();
      expect(written.map(({ generation }) => generation)).toEqual([1, 11, 21, 30]);
      expect(store.nextDueMs(true)).toBeNull();
    }));

  it("are tried again, later each time, when KV fails, and not for each host in vain", () =>
    withCopier("routes-test-8", async ({ store, copier, copies, written, clock }) => {
      const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
      const { put } = copies;
      copies.put = async () => {
        throw new Error("KV is down");
      };
      for (let n = 0; n < 100; n += 1) store.put(change(`a${n}.test`, n + 1), clock.nowMs);
      expect(await copier.run()).toBe(2_000);
      expect(warned).toHaveBeenCalledTimes(6);
      clock.nowMs += 2_000;
      expect(await copier.run()).toBe(4_000);
      expect(warned).toHaveBeenCalledTimes(12);
      copies.put = put;
      clock.nowMs += 4_000;
      expect(await copier.run()).toBe(0);
      expect(new Set(written.map(({ host }) => host)).size).toBe(100);
      expect(store.nextDueMs(true)).toBeNull();
    }));

  it("are not lost when the host changes during a write", () =>
    withCopier("routes-test-9", async ({ store, copier, copies, written, clock }) => {
      const { put } = copies;
      store.put(change("a.test", 1), clock.nowMs);
      copies.put = async (key, value) => {
        if (written.length === 0) store.put(change("a.test", 2), clock.nowMs);
        await put(key, value);
      };
      await copier.run();
      clock.nowMs += 1_000;
      await copier.run();
      expect(written.map(({ generation }) => generation)).toEqual([1, 2]);
    }));

  it("are not overtaken by an earlier write that hangs", () =>
    withCopier("routes-test-10", async ({ store, copier, copies, written, clock }) => {
      vi.spyOn(console, "warn").mockImplementation(() => {});
      const { put } = copies;
      const hanging = Promise.withResolvers<void>();
      copies.put = (key, value) => hanging.promise.then(() => put(key, value));
      store.put(change("a.test", 1), clock.nowMs);
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
      const first = copier.run();
      await vi.advanceTimersByTimeAsync(10_000);
      vi.useRealTimers();
      await first;

      store.put(change("a.test", 2), clock.nowMs);
      clock.nowMs += 10_000;
      await copier.run();
      expect(written).toEqual([]);
      hanging.resolve();
      await vi.waitFor(() => expect(written).toHaveLength(1));
      copies.put = put;
      clock.nowMs += 10_000;
      await copier.run();
      expect(written.map(({ generation }) => generation)).toEqual([1, 2]);
    }));

  it("of a deleted host do not come back with a write that an earlier life of the object left behind", () =>
    withCopier("routes-test-11", async ({ store, copier, copies, clock }) => {
      const kept = new Map<string, string>();
      const stray = Promise.withResolvers<void>();
      const host = "a.test";
      const key = routeCopyKey(host);
      // The earlier life began this write and was evicted.
      const landed = stray.promise.then(() => kept.set(key, formatRouteCopy(entry(host, 1))));
      copies.delete = async (deleted) => void kept.delete(deleted);
      store.put(change(host, 1), clock.nowMs);
      store.put(change(host, 2, true), clock.nowMs);
      expect(await copier.run()).toBe(0);
      stray.resolve();
      await landed;
      expect(kept.has(key)).toBe(true);

      expect(store.nextDueMs(true)).toBe(clock.nowMs + 60_000);
      clock.nowMs += 60_000;
      expect(await copier.run()).toBe(0);
      expect(kept.has(key)).toBe(false);
      expect(store.nextDueMs(true)).toBe(clock.nowMs - 60_000 + DAY_MS);
    }));
});

type CopierTest = {
  readonly store: EntryStore;
  readonly copier: Copier;
  readonly copies: RouteCopies;
  readonly written: { readonly host: string; readonly generation: number }[];
  readonly clock: { nowMs: number };
};

/** A copier on real SQL, with KV and the clock in the test's hand. */
function withCopier(name: string, run: (test: CopierTest) => Promise<void>): Promise<void> {
  return runInDurableObject(ROUTES.getByName(name) as never, async (_, state) => {
    const clock = { nowMs: Date.now() };
    vi.spyOn(Date, "now").mockImplementation(() => clock.nowMs);
    const written: CopierTest["written"] = [];
    const copies: RouteCopies = {
      put: async (_key, value) => {
        written.push((JSON.parse(value) as { entry: RouteEntry }).entry);
      },
      delete: async () => undefined,
    };
    const store = new EntryStore(state.storage.sql);
    await run({ store, copier: new Copier(store, copies), copies, written, clock });
  });
}
