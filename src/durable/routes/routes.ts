/**
 * One shard of the compiled route table: host → entry. The control plane pushes changes, gateways ask. Small and always
 * readable, so that the data plane does not need the control plane to answer. The alarm copies what changed to KV, so that it
 * does not need this object either.
 */
import { DurableObject } from "cloudflare:workers";
import type { RouteChange, RouteEntry, RoutesRpc } from "../../core/protocol/objects.ts";
import { Copier, type RouteCopies } from "./copier.ts";
import { EntryStore } from "./entry-store.ts";

export type RoutesEnv = {
  /** "1" where this process is the only gateway: its isolate forgets a host before the change counts as delivered. */
  readonly SINGLE_GATEWAY?: string;
  /** KV; without it there are no copies. */
  readonly ROUTE_COPIES?: RouteCopies;
};

/** The entrypoint of the Worker that drops hosts from the isolate's cache (src/worker/gateway/route-cache-control.ts). */
type RouteCacheControl = { forget(hosts: readonly string[]): Promise<void> };

export class Routes extends DurableObject<RoutesEnv> implements RoutesRpc {
  readonly #entries: EntryStore;
  readonly #copier: Copier | null;
  #alarmAtMs: number | null = null;

  constructor(ctx: DurableObjectState, env: RoutesEnv) {
    super(ctx, env);
    this.#entries = new EntryStore(ctx.storage.sql);
    this.#copier = env.ROUTE_COPIES === undefined ? null : new Copier(this.#entries, env.ROUTE_COPIES);
    void this.#armAtStart();
  }

  async putEntries(changes: readonly RouteChange[]): Promise<void> {
    const nowMs = Date.now();
    this.ctx.storage.transactionSync(() => {
      for (const change of changes) this.#entries.put(change, nowMs);
    });
    this.#arm(nowMs);
    if (this.env.SINGLE_GATEWAY !== "1") return;
    const exports = this.ctx.exports as unknown as { RouteCacheControl: RouteCacheControl };
    await exports.RouteCacheControl.forget(changes.map((change) => change.host));
  }

  async resolve(host: string): Promise<RouteEntry | null> {
    return this.#entries.get(host);
  }

  override async alarm(): Promise<void> {
    this.#alarmAtMs = null;
    this.#entries.forgetDeleted(Date.now(), this.#copier !== null);
    const pauseMs = (await this.#copier?.run()) ?? 0;
    this.#arm(Date.now() + pauseMs);
  }

  /** Not only a change gives the alarm something to do: the binding may be new, and then everything is to be copied. */
  async #armAtStart(): Promise<void> {
    const setMs = await this.ctx.storage.getAlarm();
    this.#alarmAtMs ??= setMs;
    this.#arm(Date.now());
  }

  /** Lets the alarm come when there is something to do, not before a time. An earlier one stays: it would cost a write. */
  #arm(earliestMs: number): void {
    const dueMs = this.#entries.nextDueMs(this.#copier !== null);
    if (dueMs === null) return;
    const atMs = Math.max(dueMs, earliestMs);
    if (this.#alarmAtMs !== null && this.#alarmAtMs <= atMs) return;
    this.#alarmAtMs = atMs;
    void this.ctx.storage.setAlarm(atMs);
  }
}
