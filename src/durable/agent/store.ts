/**
 * The memory of an Agent object and its SQLite: who the agent is, which pods each revision assigned to it, and what it
 * last said of each pod. Everything is read from memory; a change is written in the next microtask, so that what an event
 * sends to others leaves before the write holds back the object's messages (the output gate, 0.3 ms each on the way of a
 * cold start). A reply is sent after it, so whoever is answered can rely on it. Nothing is written per request or stats
 * frame.
 */
import type { AgentCapacity, AgentConnection, AgentSystem, Assignment } from "../../core/protocol/objects.ts";
import type { DesiredPod, PodStatus } from "../../core/protocol/pod.ts";
import { migrate } from "../migrations.ts";

const MIGRATIONS = [
  [
    "CREATE TABLE identity (only INTEGER PRIMARY KEY CHECK (only = 1), value TEXT NOT NULL)",
    "CREATE TABLE memory (id TEXT NOT NULL)",
    "CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
    `CREATE TABLE assignments (revision_uid TEXT PRIMARY KEY, sequence INTEGER NOT NULL, pods TEXT NOT NULL, changed_at_ms INTEGER NOT NULL) WITHOUT ROWID`,
    "CREATE TABLE statuses (pod_id TEXT PRIMARY KEY, revision_uid TEXT NOT NULL, status TEXT NOT NULL) WITHOUT ROWID",
    "CREATE INDEX statuses_by_revision ON statuses (revision_uid)",
  ],
];

/** No message between objects is under way for longer than this. */
const EMPTY_KEPT_MS = 24 * 3600 * 1000;

export type AgentIdentity = {
  readonly agentUid: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly drivers: readonly string[];
  readonly capacity: AgentCapacity;
  readonly system?: AgentSystem;
  readonly dataUrl: string;
  readonly connection: AgentConnection;
  readonly disconnectedAtMs: number | null;
  readonly keyEpoch: number;
  /** Whether the control plane has heard of this. */
  readonly isObserved?: boolean;
};

/**
 * Numbers that only grow: `generation` of the desired state, `report` to Revisions, `observation` to the control plane.
 * None is ever below the time in milliseconds, so a write that was lost with the object cannot make it say an old number
 * again.
 */
type Counter = "generation" | "report" | "observation";

export class AgentStore {
  readonly #storage: DurableObjectStorage;
  readonly #assignments = new Map<string, Assignment>();
  readonly #statuses = new Map<string, PodStatus>();
  readonly #counters = new Map<Counter, number>();
  #identity: AgentIdentity | null;
  #memoryId: string | null;
  #writes: [query: string, ...bindings: (string | number)[]][] = [];

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    const { sql } = storage;
    migrate(sql, MIGRATIONS);
    const rows = (query: string) => sql.exec(query).toArray();
    const [identity] = rows("SELECT value FROM identity");
    this.#identity = identity === undefined ? null : (JSON.parse(String(identity.value)) as AgentIdentity);
    const [memory] = rows("SELECT id FROM memory");
    this.#memoryId = memory === undefined ? null : String(memory.id);
    for (const { name, value } of rows("SELECT name, value FROM counters")) {
      this.#counters.set(name as Counter, Number(value));
    }
    for (const row of rows("SELECT revision_uid, sequence, pods FROM assignments ORDER BY revision_uid")) {
      const pods = JSON.parse(String(row.pods)) as DesiredPod[];
      const revisionUid = String(row.revision_uid);
      this.#assignments.set(revisionUid, { revisionUid, sequence: Number(row.sequence), pods });
    }
    for (const { status } of rows("SELECT status FROM statuses ORDER BY pod_id")) {
      const known = JSON.parse(String(status)) as PodStatus;
      this.#statuses.set(known.podId, known);
    }
  }

  identity(): AgentIdentity | null {
    return this.#identity;
  }

  putIdentity(identity: AgentIdentity): void {
    this.#identity = identity;
    this.#write("INSERT OR REPLACE INTO identity (only, value) VALUES (1, ?)", JSON.stringify(identity));
  }

  /**
   * Names this object's memory, which is what the agent obeys: an object that lost its storage starts with a new id, and
   * the agent stops nothing on its word.
   */
  memoryId(): string {
    if (this.#memoryId === null) {
      this.#memoryId = crypto.randomUUID();
      this.#write("INSERT INTO memory (id) VALUES (?)", this.#memoryId);
    }
    return this.#memoryId;
  }

  current(counter: Counter): number {
    return this.#counters.get(counter) ?? 0;
  }

  next(counter: Counter, nowMs: number): number {
    const value = Math.max(this.current(counter) + 1, nowMs);
    this.#counters.set(counter, value);
    this.#write("INSERT OR REPLACE INTO counters (name, value) VALUES (?, ?)", counter, value);
    return value;
  }

  /** The assignments that name a pod. */
  assignments(): Assignment[] {
    return [...this.#assignments.values()].filter((assignment) => assignment.pods.length > 0);
  }

  assignment(revisionUid: string): Assignment | null {
    return this.#assignments.get(revisionUid) ?? null;
  }

  /** Whether the revision assigned this pod to this agent, and still does. */
  isAssigned(podId: string, revisionUid: string): boolean {
    return this.#assignments.get(revisionUid)?.pods.some((pod) => pod.podId === podId) === true;
  }

  /** It stays when its list is empty: its sequence guards against an older message that arrives late. */
  putAssignment(assignment: Assignment, nowMs: number): void {
    const { revisionUid, sequence, pods } = assignment;
    this.#assignments.set(revisionUid, assignment);
    this.#write(
      "INSERT OR REPLACE INTO assignments (revision_uid, sequence, pods, changed_at_ms) VALUES (?, ?, ?, ?)",
      ...[revisionUid, sequence, JSON.stringify(pods), nowMs],
    );
  }

  pruneEmptyAssignments(nowMs: number): void {
    const gone = this.#storage.sql
      .exec(
        "DELETE FROM assignments WHERE pods = '[]' AND changed_at_ms < ? RETURNING revision_uid",
        nowMs - EMPTY_KEPT_MS,
      )
      .toArray();
    for (const { revision_uid } of gone) this.#assignments.delete(String(revision_uid));
  }

  statuses(revisionUid?: string): PodStatus[] {
    const all = [...this.#statuses.values()];
    return revisionUid === undefined ? all : all.filter((status) => status.revisionUid === revisionUid);
  }

  putStatus(status: PodStatus): void {
    const { podId, revisionUid } = status;
    this.#statuses.set(podId, status);
    this.#write(
      "INSERT OR REPLACE INTO statuses (pod_id, revision_uid, status) VALUES (?, ?, ?)",
      ...[podId, revisionUid, JSON.stringify(status)],
    );
  }

  dropStatus(podId: string): void {
    if (this.#statuses.delete(podId)) this.#write("DELETE FROM statuses WHERE pod_id = ?", podId);
  }

  #write(query: string, ...bindings: (string | number)[]): void {
    if (this.#writes.length === 0) queueMicrotask(() => this.#flush());
    this.#writes.push([query, ...bindings]);
  }

  #flush(): void {
    const writes = this.#writes;
    this.#writes = [];
    this.#storage.transactionSync(() => {
      for (const [query, ...bindings] of writes) this.#storage.sql.exec(query, ...bindings);
    });
  }
}
