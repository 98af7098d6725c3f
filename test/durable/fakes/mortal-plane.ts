/**
 * A ControlPlane that dies at the n-th step and is born again on what it had stored. A step is a moment between two things
 * that others can see: before and after each transaction, before and after each call to another object.
 *
 *     before a transaction   it is rolled back          before a call   it was never made
 *     after a transaction    it stands, the rest is     after a call    it was made, the answer is lost
 *                            lost
 *
 * The other objects are written down here as the real ones behave: they keep what is newest by its sequence and say again
 * what was not heard.
 */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { ControlPlaneRpc } from "../../../src/core/protocol/control-plane.ts";
import type { ObjectNamespace, RevisionOrder, RouteChange } from "../../../src/core/protocol/objects.ts";
import { ControlPlane, type ControlPlaneEnv } from "../../../src/durable/control-plane/control-plane.ts";

const { CONTROL_PLANE } = env as unknown as { readonly CONTROL_PLANE: ObjectNamespace<ControlPlaneRpc> };
const NEVER = Number.POSITIVE_INFINITY;

/** Thrown by whatever a dead life still tries. */
class Died extends Error {}

export class MortalPlane {
  /** Newest order of each revision by uid; null once it was told to destroy itself. */
  readonly orders = new Map<string, RevisionOrder | null>();
  readonly entries = new Map<string, RouteChange>();
  /** How many steps there were so far. */
  steps = 0;
  lives = 0;
  readonly #state: DurableObjectState;
  readonly #storage: DurableObjectStorage;
  readonly #diesAt: number;
  #life = { isDead: true };
  #plane: ControlPlane | null = null;
  #hasAlarm = false;

  /**
   * Runs a test with a control plane of its own that dies once.
   * @param diesAt  the step, counted from 1; null = it lives on
   */
  static async run(name: string, diesAt: number | null, test: (mortal: MortalPlane) => Promise<void>): Promise<void> {
    await runInDurableObject(CONTROL_PLANE.getByName(name) as never, async (_, state) => {
      await new Promise((resolve) => setTimeout(resolve, 0));
      const restore = silenceTheDead();
      try {
        await test(new MortalPlane(state, diesAt ?? NEVER));
      } finally {
        restore();
      }
    });
  }

  private constructor(state: DurableObjectState, diesAt: number) {
    this.#state = state;
    this.#storage = state.storage;
    this.#diesAt = diesAt;
  }

  /** Asks as a client or an object does that asks again after an error. */
  async ask<T>(request: (plane: ControlPlane) => Promise<T>): Promise<T> {
    for (;;) {
      try {
        const answer = await request(this.#alive());
        if (!this.#life.isDead) return answer;
      } catch (error) {
        if (!(error instanceof Died)) throw error;
      }
    }
  }

  /** Waits until nothing is left to reconcile or to deliver. Who is dead is woken by its alarm, and by nothing else. */
  async settle(): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      const left = this.query("SELECT (SELECT count(*) FROM dirty) + (SELECT count(*) FROM outbox) AS count")[0]?.count;
      if (left === 0 && !this.#life.isDead) return;
      if (!this.#life.isDead) continue;
      if (left !== 0 && !this.#hasAlarm) throw new Error(`died at step ${this.steps} with work left and no alarm`);
      this.#hasAlarm = false;
      await this.ask((plane) => plane.alarm());
    }
  }

  query(query: string): Record<string, SqlStorageValue>[] {
    return this.#storage.sql.exec(query).toArray();
  }

  #alive(): ControlPlane {
    while (this.#plane === null || this.#life.isDead) {
      this.lives += 1;
      const life = { isDead: false };
      this.#life = life;
      const storage = this.#storageOf(life);
      Object.defineProperty(this.#state, "storage", { configurable: true, get: () => storage });
      try {
        this.#plane = new ControlPlane(this.#state, this.#envOf(life));
      } catch (error) {
        if (!(error instanceof Died)) throw error;
      }
    }
    return this.#plane;
  }

  #step(life: { isDead: boolean }): void {
    if (!life.isDead) {
      this.steps += 1;
      if (this.steps !== this.#diesAt) return;
      life.isDead = true;
    }
    throw new Died("this life of the control plane is over");
  }

  #storageOf(life: { isDead: boolean }): DurableObjectStorage {
    const storage = this.#storage;
    const check = () => {
      if (life.isDead) throw new Died("this life of the control plane is over");
    };
    return {
      sql: {
        exec: (query: string, ...bindings: unknown[]) => {
          check();
          return storage.sql.exec(query, ...bindings);
        },
      },
      transactionSync: <T>(change: () => T): T => {
        const result = storage.transactionSync(() => {
          const value = change();
          this.#step(life);
          return value;
        });
        // What is armed in the same turn is kept with the transaction, so it dies only afterwards.
        queueMicrotask(() => this.#dieSilently(life));
        return result;
      },
      setAlarm: async () => {
        check();
        this.#hasAlarm = true;
      },
    } as unknown as DurableObjectStorage;
  }

  #dieSilently(life: { isDead: boolean }): void {
    try {
      this.#step(life);
    } catch {
      // Nobody is asking at this moment; whoever does next finds it dead.
    }
  }

  #envOf(life: { isDead: boolean }): ControlPlaneEnv {
    const call = async (effect: () => void) => {
      this.#step(life);
      effect();
      await Promise.resolve();
      this.#step(life);
    };
    const revision = (uid: string) => ({
      applyOrder: (order: RevisionOrder) => call(() => this.applyOrder(uid, order)),
      destroy: () => call(() => this.destroy(uid)),
      agentsChanged: () => call(() => undefined),
    });
    const putEntries = (changes: readonly RouteChange[]) => call(() => changes.forEach((each) => this.putEntry(each)));
    return {
      ...(env as unknown as ControlPlaneEnv),
      REVISION: { getByName: revision as never },
      ROUTES: { getByName: () => ({ putEntries }) as never },
    };
  }

  applyOrder(uid: string, order: RevisionOrder): void {
    const known = this.orders.get(uid);
    if (known === undefined || (known !== null && known.sequence < order.sequence)) this.orders.set(uid, order);
  }

  destroy(uid: string): void {
    this.orders.set(uid, null);
    void this.ask((plane) => plane.revisionDestroyed(uid));
  }

  putEntry(change: RouteChange): void {
    if ((this.entries.get(change.host)?.sequence ?? 0) < change.sequence) this.entries.set(change.host, change);
  }
}

/** Timers of a dead life find out that it is dead by throwing; nobody else shall hear of it. */
function silenceTheDead(): () => void {
  const { setTimeout: original } = globalThis;
  const { warn, error } = console;
  console.warn = () => undefined;
  console.error = () => undefined;
  globalThis.setTimeout = ((callback: () => void, ms: number) =>
    original(() => {
      try {
        callback();
      } catch (problem) {
        if (!(problem instanceof Died)) throw problem;
      }
    }, ms)) as typeof setTimeout;
  return () => {
    globalThis.setTimeout = original;
    Object.assign(console, { warn, error });
  };
}
