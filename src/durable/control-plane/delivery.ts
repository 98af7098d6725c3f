/**
 * Carries the outbox out: different targets side by side, one target's messages in order, at least once. A target that
 * fails is tried again after a pause that doubles up to a minute; the pauses are memory only, so a restart tries at once.
 *
 *     outbox ─▶ ready ─▶ busy ─▶ done         each target is in one of them; the cost of a step does not grow with how
 *                 ▲       │                   many wait
 *                 └─ paused
 */
import type { AgentRef, ObjectNamespace, RevisionRpc, RouteChange, RoutesRpc } from "../../core/protocol/objects.ts";
import type { Outbox, OutboxRow, OutboxTarget } from "./outbox.ts";

const MAX_TARGETS_AT_ONCE = 32;
const MAX_ENTRIES_PER_CALL = 200;
const CALL_DEADLINE_MS = 10_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 60_000;

export type DeliveryEnv = {
  readonly REVISION: ObjectNamespace<RevisionRpc>;
  readonly ROUTES: ObjectNamespace<RoutesRpc>;
};

type DeliveryOptions = {
  readonly env: DeliveryEnv;
  readonly outbox: Outbox;
  readonly controlPlaneId: string;
  readonly listAgents: () => readonly AgentRef[];
  /** Called when a target took messages, before the next ones are looked for. Removes them from the outbox. */
  readonly onDelivered: (rows: readonly OutboxRow[]) => void;
  /** Called when there may be something new to do. */
  readonly onIdle: () => void;
};

type Pause = { readonly target: OutboxTarget; readonly untilMs: number };

export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #ready = new Map<string, OutboxTarget>();
  readonly #busy = new Set<string>();
  readonly #paused = new Map<string, Pause>();
  /** How often in a row a target failed. */
  readonly #failures = new Map<string, number>();

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** Starts what can be started now. */
  start(nowMs: number): void {
    for (const [id, { target, untilMs }] of this.#paused) {
      if (untilMs > nowMs) continue;
      this.#paused.delete(id);
      this.#ready.set(id, target);
    }
    for (const target of this.#options.outbox.takeTargets()) {
      const id = idOf(target);
      if (!this.#paused.has(id)) this.#ready.set(id, target);
    }
    for (const [id, target] of this.#ready) {
      if (this.#busy.size >= MAX_TARGETS_AT_ONCE) return;
      // One that is busy stays ready: it got messages since, which its current round may have missed.
      if (this.#busy.has(id)) continue;
      this.#ready.delete(id);
      this.#busy.add(id);
      void this.#deliver(id, target).finally(() => {
        this.#busy.delete(id);
        this.#options.onIdle();
      });
    }
  }

  /** When the outbox wants attention again; null = it is empty. A call under way is given until its deadline. */
  nextDueMs(nowMs: number): number | null {
    let dueMs: number | null = this.#busy.size + this.#ready.size > 0 ? nowMs + CALL_DEADLINE_MS : null;
    for (const { untilMs } of this.#paused.values()) dueMs = Math.max(nowMs, Math.min(dueMs ?? untilMs, untilMs));
    return dueMs;
  }

  async #deliver(id: string, target: OutboxTarget): Promise<void> {
    const { outbox, onDelivered } = this.#options;
    try {
      for (;;) {
        const rows = outbox.head(target, target.kind === "routes" ? MAX_ENTRIES_PER_CALL : 1);
        if (rows.length === 0) break;
        await withDeadline(this.#call(target, rows), CALL_DEADLINE_MS);
        onDelivered(rows);
      }
      this.#failures.delete(id);
    } catch (error) {
      const attempt = (this.#failures.get(id) ?? 0) + 1;
      this.#failures.set(id, attempt);
      const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1)) * (0.75 + Math.random() / 2);
      this.#paused.set(id, { target, untilMs: Date.now() + pauseMs });
      console.warn(`control-plane: ${id} did not take its messages (attempt ${attempt}): ${String(error)}`);
    }
  }

  async #call(target: OutboxTarget, rows: readonly OutboxRow[]): Promise<void> {
    if (target.kind === "routes") {
      await this.#options.env.ROUTES.getByName(target.name).putEntries(rows.flatMap(toRouteChange));
      return;
    }
    const revision = this.#options.env.REVISION.getByName(target.name);
    for (const { id, message } of rows) await this.#tell(revision, id, message);
  }

  async #tell(revision: RevisionRpc, sequence: number, message: OutboxRow["message"]): Promise<void> {
    const { controlPlaneId, listAgents } = this.#options;
    switch (message.type) {
      case "order":
        return revision.applyOrder({ ...message.order, controlPlaneId, sequence, agents: listAgents() });
      case "destroy":
        return revision.destroy(sequence);
      case "agents":
        return revision.agentsChanged(listAgents());
      case "entry":
        return;
    }
  }
}

function toRouteChange({ id, message }: OutboxRow): RouteChange[] {
  if (message.type !== "entry") return [];
  const { host, entry } = message;
  return [{ host, sequence: id, entry: entry === null ? null : { ...entry, generation: id } }];
}

function idOf(target: OutboxTarget): string {
  return `${target.kind}/${target.name}`;
}

async function withDeadline(call: Promise<void>, deadlineMs: number): Promise<void> {
  const expired = Promise.withResolvers<never>();
  const timer = setTimeout(() => expired.reject(new Error(`no answer within ${deadlineMs} ms`)), deadlineMs);
  try {
    await Promise.race([call, expired.promise]);
  } finally {
    clearTimeout(timer);
  }
}
