import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import type { RouteChange } from "../../../src/core/protocol/objects.ts";
import { Delivery } from "../../../src/durable/control-plane/delivery.ts";
import { Outbox } from "../../../src/durable/control-plane/outbox.ts";

const { CONTROL_PLANE } = env as unknown as { readonly CONTROL_PLANE: { getByName(name: string): unknown } };

/** An outbox with real SQL, delivered to receivers in the test's hand. */
class Post {
  readonly #sql: SqlStorage;
  readonly outbox: Outbox;
  readonly told: string[] = [];
  readonly entries: RouteChange[] = [];
  running = 0;
  mostRunning = 0;
  /** Called with a revision's uid before it takes a message. */
  receive: (revisionUid: string) => void | Promise<void> = () => undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.outbox = new Outbox(sql);
  }

  /** @param outbox  another one over the same rows, as after a restart */
  open(outbox = this.outbox): Delivery {
    const delivery: Delivery = new Delivery({
      env: {
        REVISION: { getByName: (uid) => ({ agentsChanged: () => this.#tell(uid) }) as never },
        ROUTES: { getByName: () => ({ putEntries: async (changes: RouteChange[]) => this.#put(changes) }) as never },
      },
      outbox,
      controlPlaneId: "plane",
      listAgents: () => [],
      onDelivered: (rows) => outbox.delivered(rows),
      onIdle: () => delivery.start(Date.now()),
    });
    return delivery;
  }

  restarted(): Outbox {
    return new Outbox(this.#sql);
  }

  left(): number {
    return Number(this.#sql.exec("SELECT count(*) AS count FROM outbox").one().count);
  }

  async #tell(uid: string): Promise<void> {
    this.running += 1;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    try {
      await this.receive(uid);
      await Promise.resolve();
      this.told.push(uid);
    } finally {
      this.running -= 1;
    }
  }

  #put(changes: readonly RouteChange[]): void {
    this.entries.push(...changes);
  }
}

function withPost(name: string, run: (post: Post) => Promise<void>): Promise<void> {
  return runInDurableObject(CONTROL_PLANE.getByName(name) as never, (_, state) => run(new Post(state.storage.sql)));
}

test("many targets are told side by side, within a bound, and each once", () =>
  withPost("delivery-many", async (post) => {
    const uids = Array.from({ length: 500 }, (_, n) => `rev-${n}`);
    for (const uid of uids) post.outbox.toRevision(uid, { type: "agents" });
    const delivery = post.open();
    delivery.start(Date.now());
    await vi.waitFor(() => expect(post.left()).toBe(0));
    expect(post.told).toEqual(uids);
    expect(post.mostRunning).toBe(32);
    await vi.waitFor(() => expect(delivery.nextDueMs(Date.now())).toBeNull());
  }));

test("a target that gets a message while it takes one gets that too", () =>
  withPost("delivery-meanwhile", async (post) => {
    post.outbox.toRevision("rev", { type: "agents" });
    const delivery = post.open();
    post.receive = () => {
      if (post.told.length > 0) return;
      post.outbox.toRevision("rev", { type: "agents" });
      delivery.start(Date.now());
    };
    delivery.start(Date.now());
    await vi.waitFor(() => expect(post.left()).toBe(0));
    expect(post.told).toEqual(["rev", "rev"]);
  }));

test("a target that fails waits longer each time and keeps nobody else from their messages", () =>
  withPost("delivery-failing", async (post) => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    const nowMs = Date.now();
    vi.spyOn(Date, "now").mockReturnValue(nowMs);
    post.receive = (uid) => {
      if (uid === "bad") throw new Error("not now");
    };
    for (const uid of ["bad", "good"]) post.outbox.toRevision(uid, { type: "agents" });
    const delivery = post.open();
    delivery.start(nowMs);
    await vi.waitFor(() => expect(post.told).toEqual(["good"]));
    const firstMs = (delivery.nextDueMs(nowMs) ?? 0) - nowMs;
    delivery.start(nowMs);
    expect(warned).toHaveBeenCalledTimes(1);
    delivery.start(nowMs + firstMs);
    await vi.waitFor(() => expect(warned).toHaveBeenCalledTimes(2));
    const secondMs = (delivery.nextDueMs(nowMs) ?? 0) - nowMs;
    // 250 ms, then 500 ms, each ± 25 %.
    expect([firstMs >= 187, firstMs <= 313, secondMs >= 375, secondMs <= 625]).toEqual([true, true, true, true]);
    post.receive = () => undefined;
    delivery.start(nowMs + secondMs);
    await vi.waitFor(() => expect(post.left()).toBe(0));
    vi.restoreAllMocks();
  }));

test("what an earlier life of the object left is delivered by the next one", () =>
  withPost("delivery-left", async (post) => {
    post.outbox.toRevision("rev", { type: "agents" });
    post.outbox.toRoutes("a.default.apps.test", null);
    post.open(post.restarted()).start(Date.now());
    await vi.waitFor(() => expect(post.left()).toBe(0));
    expect(post.told).toEqual(["rev"]);
    expect(post.entries).toMatchObject([{ host: "a.default.apps.test", entry: null }]);
  }));
