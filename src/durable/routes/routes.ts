/**
 * One shard of the compiled route table: host → entry. The control plane pushes changes, gateways ask. Small and always
 * readable, so that the data plane does not need the control plane to answer.
 */
import { DurableObject } from "cloudflare:workers";
import type { RouteChange, RouteEntry, RoutesRpc } from "../../core/protocol/objects.ts";
import { migrate } from "../migrations.ts";

const MIGRATIONS = [
  [
    // entry is null for a host that was deleted: its sequence stays, so that a late message cannot bring it back.
    "CREATE TABLE entries (host TEXT PRIMARY KEY, sequence INTEGER NOT NULL, entry TEXT) WITHOUT ROWID",
  ],
];

type RoutesEnv = {
  /** "1" where this process is the only gateway: its isolate forgets a host before the change counts as delivered. */
  readonly SINGLE_GATEWAY?: string;
};

/** The entrypoint of the Worker that drops hosts from the isolate's cache (src/worker/gateway/route-cache-control.ts). */
type RouteCacheControl = { forget(hosts: readonly string[]): Promise<void> };

export class Routes extends DurableObject<RoutesEnv> implements RoutesRpc {
  constructor(ctx: DurableObjectState, env: RoutesEnv) {
    super(ctx, env);
    migrate(ctx.storage.sql, MIGRATIONS);
  }

  async putEntries(changes: readonly RouteChange[]): Promise<void> {
    this.ctx.storage.transactionSync(() => {
      for (const { host, sequence, entry } of changes) {
        this.ctx.storage.sql.exec(
          `INSERT INTO entries (host, sequence, entry) VALUES (?, ?, ?)
           ON CONFLICT (host) DO UPDATE SET sequence = excluded.sequence, entry = excluded.entry
           WHERE excluded.sequence > entries.sequence`,
          host,
          sequence,
          entry === null ? null : JSON.stringify(entry),
        );
      }
    });
    if (this.env.SINGLE_GATEWAY !== "1") return;
    const exports = this.ctx.exports as unknown as { RouteCacheControl: RouteCacheControl };
    await exports.RouteCacheControl.forget(changes.map((change) => change.host));
  }

  async resolve(host: string): Promise<RouteEntry | null> {
    const row = this.ctx.storage.sql.exec("SELECT entry FROM entries WHERE host = ?", host).toArray()[0];
    return typeof row?.entry === "string" ? (JSON.parse(row.entry) as RouteEntry) : null;
  }
}
