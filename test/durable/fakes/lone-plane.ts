/**
 * A ControlPlane on the real SQLite of an object, alone: the other objects take whatever they are told, no alarm rings by
 * itself, and every row that SQLite reads or writes is counted.
 */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { ControlPlaneRpc } from "../../../src/core/protocol/control-plane.ts";
import type { ObjectNamespace, RevisionOrder, RouteChange } from "../../../src/core/protocol/objects.ts";
import { ControlPlane, type ControlPlaneEnv } from "../../../src/durable/control-plane/control-plane.ts";

const { CONTROL_PLANE } = env as unknown as { readonly CONTROL_PLANE: ObjectNamespace<ControlPlaneRpc> };

export type Rows = { readonly read: number; readonly written: number };

/** What the other objects were told. */
export type Told = {
  readonly orders: Map<string, RevisionOrder>;
  readonly destroyed: Set<string>;
  readonly entries: Map<string, RouteChange>;
};

export class LonePlane {
  readonly plane: ControlPlane;
  readonly told: Told = { orders: new Map(), destroyed: new Set(), entries: new Map() };
  readonly storage: DurableObjectStorage;
  readonly #exec: SqlStorage["exec"];
  #rows = { read: 0, written: 0 };
  /** Counts once it was read to its end, which it was when the next statement runs. */
  #last: SqlStorageCursor<Record<string, SqlStorageValue>> | null = null;

  /**
   * Runs a test with a control plane of its own.
   * @param prepare what was stored before this life of the object
   */
  static async run(
    name: string,
    test: (lone: LonePlane) => Promise<void>,
    prepare: (sql: SqlStorage) => void = () => {},
  ): Promise<void> {
    await runInDurableObject(CONTROL_PLANE.getByName(name) as never, async (_, state) => {
      // The object's own engine has its first turn, finds nothing and sleeps.
      await new Promise((resolve) => setTimeout(resolve, 0));
      prepare(state.storage.sql);
      await test(new LonePlane(state));
    });
  }

  private constructor(state: DurableObjectState) {
    const { storage } = state;
    this.storage = storage;
    this.#exec = storage.sql.exec.bind(storage.sql) as SqlStorage["exec"];
    storage.setAlarm = async () => {};
    storage.sql.exec = ((query: string, ...bindings: unknown[]) => {
      this.#count();
      const cursor = this.#exec(query, ...bindings);
      this.#last = cursor;
      return cursor;
    }) as SqlStorage["exec"];
    this.plane = new ControlPlane(state, this.#env());
  }

  /** Rows since the last call. */
  takeRows(): Rows {
    this.#count();
    const rows = this.#rows;
    this.#rows = { read: 0, written: 0 };
    return rows;
  }

  /** Waits until nothing is left to reconcile or to deliver. */
  async settle(): Promise<void> {
    const tables = ["dirty", "outbox", "cascades"].map((table) => `(SELECT count(*) FROM ${table})`);
    const left = () => this.#exec(`SELECT ${tables.join(" + ")} AS count`).one().count;
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      if (left() === 0) return;
    }
  }

  /** Statements of the test itself are not counted. */
  query(query: string, ...bindings: unknown[]): Record<string, SqlStorageValue>[] {
    return this.#exec(query, ...bindings).toArray();
  }

  #count(): void {
    this.#rows.read += this.#last?.rowsRead ?? 0;
    this.#rows.written += this.#last?.rowsWritten ?? 0;
    this.#last = null;
  }

  #env(): ControlPlaneEnv {
    const revision = (uid: string) => ({
      applyOrder: async (order: RevisionOrder) => void this.told.orders.set(uid, order),
      destroy: async () => {
        this.told.destroyed.add(uid);
        await this.plane.revisionDestroyed(uid);
      },
      agentsChanged: async () => {},
    });
    const putEntries = async (changes: readonly RouteChange[]) => {
      for (const change of changes) this.told.entries.set(change.host, change);
    };
    return {
      ...(env as unknown as ControlPlaneEnv),
      REVISION: { getByName: revision as never },
      ROUTES: { getByName: () => ({ putEntries }) as never },
    };
  }
}
