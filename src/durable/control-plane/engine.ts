/**
 * What keeps the control plane moving: every change goes through `transact`, and what follows from it is done in the next
 * turn of the event loop, or by the alarm when a crash comes between.
 *
 *     transact ─▶ kick ─▶ run: drain the queue ─▶ tell watchers ─▶ start deliveries ─▶ delivered: transact ─▶ kick …
 */
import { type KubeObject, keyOf } from "../../core/resource/object.ts";
import type { AgentRegistry } from "./agent-registry.ts";
import { Delivery, type DeliveryEnv } from "./delivery.ts";
import { drainSlice } from "./drain.ts";
import { controlPlaneId } from "./identity.ts";
import type { OutboxRow } from "./outbox.ts";
import type { World } from "./world.ts";

/** After a crash in the middle, the alarm resumes this long after the last write. */
const RESUME_AFTER_MS = 1_000;

export class Engine {
  readonly #storage: DurableObjectStorage;
  readonly #world: World;
  readonly #tellWatchers: (nowMs: number) => void;
  readonly #delivery: Delivery;
  #isKicked = false;
  #alarmAtMs: number | null = null;

  constructor(
    storage: DurableObjectStorage,
    world: World,
    agents: AgentRegistry,
    env: DeliveryEnv,
    tellWatchers: (nowMs: number) => void,
  ) {
    this.#storage = storage;
    this.#world = world;
    this.#tellWatchers = tellWatchers;
    this.#delivery = new Delivery({
      env,
      outbox: world.outbox,
      controlPlaneId: controlPlaneId(storage.sql),
      listAgents: () => agents.refs(),
      onDelivered: (rows) => this.#delivered(rows),
      onIdle: () => this.kick(),
    });
  }

  /** Changes the world at once or not at all, with the promise that what follows is done even after a crash. */
  transact<T>(change: (nowMs: number) => T): T {
    const nowMs = Date.now();
    const result = this.#storage.transactionSync(() => change(nowMs));
    this.#arm(nowMs + RESUME_AFTER_MS);
    this.kick();
    return result;
  }

  /** Runs in the next turn of the event loop: the caller has its answer by then. */
  kick(): void {
    if (this.#isKicked) return;
    this.#isKicked = true;
    setTimeout(() => {
      this.#isKicked = false;
      this.#run();
    }, 0);
  }

  alarm(): void {
    this.#alarmAtMs = null;
    this.#run();
  }

  #run(): void {
    const nowMs = Date.now();
    if (drainSlice(this.#storage, this.#world, nowMs)) this.kick();
    this.#tellWatchers(nowMs);
    this.#delivery.start(nowMs);
    const due = [this.#world.queue.nextWakeMs(), this.#delivery.nextDueMs(nowMs)].filter((atMs) => atMs !== null);
    if (this.#world.queue.peek() !== null || this.#world.hasCascade) due.push(nowMs + RESUME_AFTER_MS);
    if (due.length > 0) this.#arm(Math.min(...due));
  }

  #delivered(rows: readonly OutboxRow[]): void {
    this.transact((nowMs) => {
      this.#world.outbox.delivered(rows);
      for (const { id, message } of rows) {
        if (message.type !== "entry") continue;
        const route = this.#routeOf(this.#world.hosts.markDelivered(message.host, id, nowMs));
        if (route !== null) this.#world.queue.add(keyOf(route));
      }
    });
  }

  #routeOf(routeUid: string | null): KubeObject | null {
    return routeUid === null ? null : this.#world.objects.getByUid(routeUid);
  }

  /** Sets the alarm unless one comes in time: an early one finds nothing to do, and moving it would cost a write each. */
  #arm(atMs: number): void {
    if (this.#alarmAtMs !== null && this.#alarmAtMs <= atMs) return;
    this.#alarmAtMs = atMs;
    void this.#storage.setAlarm(atMs);
  }
}
