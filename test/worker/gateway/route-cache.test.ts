import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { RouteEntry } from "../../../src/core/protocol/objects.ts";
import { formatRouteCopy, routeCopyKey } from "../../../src/core/routing/copy.ts";
import type { GatewayEnv } from "../../../src/worker/gateway/env.ts";
import { forgetRoutes, recallRoute, resetRouteCache, resolveRoute } from "../../../src/worker/gateway/route-cache.ts";
import { entry } from "./fakes.ts";

const HOST = "hello.default.apps.test";

/** A route table and its copies in the test's hand. */
class Table {
  readonly entries = new Map<string, RouteEntry>();
  readonly copies = new Map<string, string>();
  state: "answers" | "fails" | "hangs" = "answers";
  copiesFail = false;
  questions = 0;
  copyReads = 0;
  readonly #background: Promise<unknown>[] = [];

  readonly env: GatewayEnv = {
    ROUTES: { getByName: () => ({ putEntries: async () => undefined, resolve: (host) => this.#resolve(host) }) },
    REVISION: {
      getByName: () => {
        throw new Error("routes are looked up without a revision");
      },
    },
    ROUTE_COPIES: {
      get: async (key) => {
        this.copyReads += 1;
        if (this.copiesFail) throw new Error("KV is down");
        return this.copies.get(key) ?? null;
      },
    },
  };

  /** What a request for the host learns: "known gen 1", "unknown" or "unavailable". */
  async ask(host = HOST): Promise<string> {
    const background = { waitUntil: (promise: Promise<unknown>) => void this.#background.push(promise) };
    const resolution = recallRoute(host, this.env, background) ?? (await resolveRoute(host, this.env, background));
    return resolution.kind === "found" ? `known gen ${resolution.entry.generation}` : resolution.kind;
  }

  /** What a request learns while time goes on. */
  async askFor(ms: number, host = HOST): Promise<string> {
    const answer = this.ask(host);
    await vi.advanceTimersByTimeAsync(ms);
    return answer;
  }

  put(generation: number, host = HOST): void {
    this.entries.set(host, entry(host, { generation }));
  }

  copy(generation: number, host = HOST): void {
    this.copies.set(routeCopyKey(host), formatRouteCopy(entry(host, { generation })));
  }

  async #resolve(host: string): Promise<RouteEntry | null> {
    this.questions += 1;
    if (this.state === "fails") throw Object.assign(new Error("overloaded"), { overloaded: true });
    if (this.state === "hangs") return new Promise(() => undefined);
    return this.entries.get(host) ?? null;
  }
}

beforeEach(() => {
  resetRouteCache();
  vi.useFakeTimers({ now: 1_800_000_000_000 });
  vi.spyOn(console, "warn").mockImplementation(() => {});
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("while the route table answers", () => {
  it("no request gets an entry that was replaced more than 5 s ago, however often one asks", async () => {
    const table = new Table();
    table.put(1);
    expect(await table.ask()).toBe("known gen 1");
    table.put(2);
    const oldForMs: number[] = [];
    for (let ms = 0; ms < 10_000; ms += 100) {
      if ((await table.ask()) === "known gen 1") oldForMs.push(ms);
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(oldForMs.at(-1)).toBeLessThan(5_000);
    expect(table.questions).toBeLessThanOrEqual(5);
  });

  it("an entry that nobody asked for in 5 s is asked for before it is used", async () => {
    const table = new Table();
    table.put(1);
    await table.ask();
    table.put(2);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await table.ask()).toBe("known gen 2");
  });

  it("a host that was unknown is found within 5 s after it was made", async () => {
    const table = new Table();
    expect(await table.ask()).toBe("unknown");
    table.put(1);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await table.ask()).toBe("known gen 1");
  });

  it("a host that was deleted is unknown within 5 s, also when there is still a copy", async () => {
    const table = new Table();
    table.put(1);
    table.copy(1);
    await table.ask();
    table.entries.clear();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await table.ask()).toBe("unknown");
    expect(table.copyReads).toBe(0);
  });

  it("an answer that was overtaken by a later one does not come back", async () => {
    const table = new Table();
    const slow = Promise.withResolvers<RouteEntry>();
    const env: GatewayEnv = {
      ...table.env,
      ROUTES: { getByName: () => ({ putEntries: async () => undefined, resolve: () => slow.promise }) },
    };
    const late = resolveRoute(HOST, env, { waitUntil: () => undefined });
    await vi.advanceTimersByTimeAsync(100);
    table.put(2);
    await table.ask();
    slow.resolve(entry(HOST, { generation: 1 }));
    await late;
    expect(await table.ask()).toBe("known gen 2");
  });
});

it("what was asked before hosts were forgotten is not remembered after it", async () => {
  const table = new Table();
  const slow = Promise.withResolvers<RouteEntry>();
  const env: GatewayEnv = {
    ...table.env,
    ROUTES: { getByName: () => ({ putEntries: async () => undefined, resolve: () => slow.promise }) },
  };
  const late = resolveRoute(HOST, env, { waitUntil: () => undefined });
  table.put(2);
  forgetRoutes([HOST]);
  slow.resolve(entry(HOST, { generation: 1 }));
  await late;
  expect(await table.ask()).toBe("known gen 2");
});

describe("while the route table does not answer", () => {
  it.each(["fails", "hangs"] as const)("what is known is used for 24 hours (it %s)", async (state) => {
    const table = new Table();
    table.put(1);
    await table.ask();
    table.state = state;
    await vi.advanceTimersByTimeAsync(24 * 3_600_000 - 3_000);
    expect(await table.askFor(2_000)).toBe("known gen 1");
    await vi.advanceTimersByTimeAsync(3_000);
    expect(await table.askFor(2_000)).toBe("unavailable");
  });

  it.each(["fails", "hangs"] as const)("a host that is not known is answered from its copy (it %s)", async (state) => {
    const table = new Table();
    table.copy(7);
    table.state = state;
    expect(await table.askFor(2_000)).toBe("known gen 7");
  });

  it("a missing copy, one in another format and one of another host tell nothing", async () => {
    const table = new Table();
    table.state = "fails";
    expect(await table.ask()).toBe("unavailable");
    for (const copy of ["no JSON", '{"version":2,"entry":{}}', formatRouteCopy(entry("other.default.apps.test"))]) {
      table.copies.set(routeCopyKey(HOST), copy);
      expect(await table.ask()).toBe("unavailable");
    }
    table.copiesFail = true;
    expect(await table.ask()).toBe("unavailable");
  });

  it("a host that was found unknown a while ago may exist by now", async () => {
    const table = new Table();
    expect(await table.ask()).toBe("unknown");
    table.state = "fails";
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await table.ask()).toBe("unavailable");
  });

  it("requests that keep coming wait for the first timeout and never again", async () => {
    const table = new Table();
    table.put(1);
    await table.ask();
    table.state = "hangs";
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await table.askFor(2_000)).toBe("known gen 1");
    const questions = table.questions;
    for (let ms = 0; ms < 30_000; ms += 100) {
      // Without time going on: an answer that waited for the table would not come.
      expect(await table.ask()).toBe("known gen 1");
      await vi.advanceTimersByTimeAsync(100);
    }
    // About every 3 s: 1 s after a failure a question, which fails 2 s later.
    expect(table.questions - questions).toBeGreaterThanOrEqual(9);
    expect(table.questions - questions).toBeLessThanOrEqual(11);
  });

  it("other hosts of the shard do not wait either, when there are copies", async () => {
    const table = new Table();
    table.state = "hangs";
    const sameShard = ["a7", "a21"].map((name) => `${name}.default.apps.test`);
    for (const host of sameShard) table.copy(1, host);
    expect(await table.askFor(2_000, sameShard[0])).toBe("known gen 1");
    expect(await table.ask(sameShard[1])).toBe("known gen 1");
  });

  it("it is believed again within 5 s after it came back", async () => {
    const table = new Table();
    table.put(1);
    await table.ask();
    table.state = "hangs";
    await vi.advanceTimersByTimeAsync(5_000);
    // Lost in the moment before the table is back: the worst case.
    const lost = table.ask();
    table.state = "answers";
    table.put(2);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await lost).toBe("known gen 1");
    await vi.advanceTimersByTimeAsync(3_000);
    expect(await table.ask()).toBe("known gen 2");
  });

  it("a copy gives way to the table's own entry as soon as that answers", async () => {
    const table = new Table();
    table.copy(1);
    table.state = "fails";
    expect(await table.ask()).toBe("known gen 1");
    table.state = "answers";
    table.put(2);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(await table.ask()).toBe("known gen 2");
  });
});

describe("memory", () => {
  it("holds 10,000 known hosts, and those that were asked for lately stay", async () => {
    const table = new Table();
    for (let n = 0; n <= 10_000; n += 1) {
      table.put(1, `a${n}.default.apps.test`);
      await table.ask(`a${n}.default.apps.test`);
    }
    const { questions } = table;
    await table.ask("a10000.default.apps.test");
    expect(table.questions).toBe(questions);
    await table.ask("a0.default.apps.test");
    expect(table.questions).toBe(questions + 1);
  });

  it("of known hosts is not lost to a flood of invented ones, whose copies are not read without bound either", async () => {
    const table = new Table();
    table.put(1);
    await table.ask();
    for (let second = 0; second < 20; second += 1) {
      for (let n = 0; n < 600; n += 1) await table.ask(`x${second}-${n}.default.apps.test`);
      await vi.advanceTimersByTimeAsync(1_000);
    }
    table.state = "fails";
    expect(await table.ask()).toBe("known gen 1");
    for (let n = 0; n < 600; n += 1) await table.ask(`y${n}.default.apps.test`);
    expect(table.copyReads).toBe(500);
  });
});
