/**
 * The SQLite of an Agent object: who the agent is, which pods each revision assigned to it, and what it last said of
 * each pod. Written when one of these changes, never per request or per stats frame.
 */
import type { AgentCapacity, AgentConnection, Assignment } from "../../core/protocol/objects.ts";
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
  readonly dataUrl: string;
  readonly connection: AgentConnection;
  readonly disconnectedAtMs: number | null;
  readonly keyEpoch: number;
};

/** Numbers that only grow: `generation` of the desired state, `report` to Revisions, `observation` to the control plane. */
type Counter = "generation" | "report" | "observation";

export class AgentStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    migrate(sql, MIGRATIONS);
  }

  identity(): AgentIdentity | null {
    const row = this.#sql.exec("SELECT value FROM identity").toArray()[0];
    return typeof row?.value === "string" ? (JSON.parse(row.value) as AgentIdentity) : null;
  }

  putIdentity(identity: AgentIdentity): void {
    this.#sql.exec("INSERT OR REPLACE INTO identity (only, value) VALUES (1, ?)", JSON.stringify(identity));
  }

  /**
   * Names this object's memory, which is what the agent obeys: an object that lost its storage starts with low
   * generations and a new id, and the agent stops nothing on its word.
   */
  memoryId(): string {
    const row = this.#sql.exec("SELECT id FROM memory").toArray()[0];
    if (typeof row?.id === "string") return row.id;
    const id = crypto.randomUUID();
    this.#sql.exec("INSERT INTO memory (id) VALUES (?)", id);
    return id;
  }

  current(counter: Counter): number {
    const row = this.#sql.exec("SELECT value FROM counters WHERE name = ?", counter).toArray()[0];
    return typeof row?.value === "number" ? row.value : 0;
  }

  /**
   * @param atLeast  where a counter starts. Receivers drop what is not newer, so `report` and `observation` start at the
   *   time: an object that lost its storage must not begin below what it said before.
   */
  next(counter: Counter, atLeast = 1): number {
    const value = Math.max(this.current(counter) + 1, atLeast);
    this.#sql.exec("INSERT OR REPLACE INTO counters (name, value) VALUES (?, ?)", counter, value);
    return value;
  }

  /** The assignments that name a pod. */
  assignments(): Assignment[] {
    return this.#sql
      .exec("SELECT revision_uid, sequence, pods FROM assignments WHERE pods <> '[]' ORDER BY revision_uid")
      .toArray()
      .map(toAssignment);
  }

  assignment(revisionUid: string): Assignment | null {
    const row = this.#sql
      .exec("SELECT revision_uid, sequence, pods FROM assignments WHERE revision_uid = ?", revisionUid)
      .toArray()[0];
    return row === undefined ? null : toAssignment(row);
  }

  /** A row stays when its list is empty: its sequence guards against an older message that arrives late. */
  putAssignment(assignment: Assignment, nowMs: number): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO assignments (revision_uid, sequence, pods, changed_at_ms) VALUES (?, ?, ?, ?)",
      assignment.revisionUid,
      assignment.sequence,
      JSON.stringify(assignment.pods),
      nowMs,
    );
  }

  pruneEmptyAssignments(nowMs: number): void {
    this.#sql.exec("DELETE FROM assignments WHERE pods = '[]' AND changed_at_ms < ?", nowMs - EMPTY_KEPT_MS);
  }

  statuses(revisionUid?: string): PodStatus[] {
    const rows =
      revisionUid === undefined
        ? this.#sql.exec("SELECT status FROM statuses ORDER BY pod_id").toArray()
        : this.#sql.exec("SELECT status FROM statuses WHERE revision_uid = ? ORDER BY pod_id", revisionUid).toArray();
    return rows.map((row) => JSON.parse(String(row.status)) as PodStatus);
  }

  putStatus(status: PodStatus): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO statuses (pod_id, revision_uid, status) VALUES (?, ?, ?)",
      status.podId,
      status.revisionUid,
      JSON.stringify(status),
    );
  }

  dropStatus(podId: string): void {
    this.#sql.exec("DELETE FROM statuses WHERE pod_id = ?", podId);
  }
}

function toAssignment(row: Record<string, SqlStorageValue>): Assignment {
  return {
    revisionUid: String(row.revision_uid),
    sequence: Number(row.sequence),
    pods: JSON.parse(String(row.pods)) as DesiredPod[],
  };
}
