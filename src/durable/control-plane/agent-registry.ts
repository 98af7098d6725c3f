/** The agents that joined: who they are and what their Agent objects said last; and the tokens to join with. */
import type { AgentView } from "../../core/protocol/control-plane.ts";
import type { AgentObservation, AgentRef } from "../../core/protocol/objects.ts";
import { timestampOf } from "../../core/resource/timestamp.ts";

export class AgentRegistry {
  readonly #sql: SqlStorage;
  /** Every order to a revision carries them, so they are kept until an agent changes. */
  #refs: readonly AgentRef[] | null = null;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** @returns whether the agent came (back): it was not connected, or it offers other drivers; null for an old message */
  record(observation: AgentObservation, nowMs: number): { readonly isNewlyConnected: boolean } | null {
    const row = this.#sql
      .exec("SELECT sequence, observation FROM agents WHERE agent_uid = ?", observation.agentUid)
      .toArray()[0];
    if (row !== undefined && Number(row.sequence) >= observation.sequence) return null;
    const before = parseObservation(row?.observation);
    this.#refs = null;
    this.#sql.exec(
      `INSERT INTO agents (agent_uid, name, sequence, observation, joined_at_ms, changed_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?5)
       ON CONFLICT (agent_uid) DO UPDATE SET name = ?2, sequence = ?3, observation = ?4, changed_at_ms = ?5`,
      observation.agentUid,
      observation.name,
      observation.sequence,
      JSON.stringify(observation),
      nowMs,
    );
    const isSame = before?.connection === "Connected" && `${before.drivers}` === `${observation.drivers}`;
    return { isNewlyConnected: observation.connection === "Connected" && !isSame };
  }

  /** Agents that may take pods, connected ones first. A lost agent is left out until it comes back. */
  refs(): readonly AgentRef[] {
    this.#refs ??= this.#observations()
      .filter(({ connection }) => connection !== "Lost")
      .sort((a, b) => Number(b.connection === "Connected") - Number(a.connection === "Connected"))
      .map(({ agentUid, name, drivers }) => ({ agentUid, name, drivers }));
    return this.#refs;
  }

  views(): AgentView[] {
    return this.#sql
      .exec("SELECT agent_uid, name, observation, joined_at_ms, changed_at_ms FROM agents ORDER BY name, agent_uid")
      .toArray()
      .map((row) => {
        const observation = parseObservation(row.observation);
        return {
          agentUid: String(row.agent_uid),
          name: String(row.name),
          connection: observation?.connection ?? "NeverSeen",
          drivers: observation?.drivers ?? [],
          labels: observation?.labels ?? {},
          capacity: observation?.capacity ?? null,
          ...(observation?.system === undefined ? {} : { system: observation.system }),
          joinedAt: timestampOf(Number(row.joined_at_ms)),
          changedAt: timestampOf(Number(row.changed_at_ms)),
        };
      });
  }

  addToken(hash: string, expiresAtMs: number): void {
    this.#sql.exec("INSERT INTO join_tokens (hash, expires_at_ms) VALUES (?, ?)", hash, expiresAtMs);
  }

  /** Uses a token up and registers the agent. @returns false when the token is unknown, used or expired */
  join(hash: string, agentUid: string, name: string, nowMs: number): boolean {
    this.#sql.exec("DELETE FROM join_tokens WHERE expires_at_ms <= ?", nowMs);
    const used = this.#sql.exec("DELETE FROM join_tokens WHERE hash = ? RETURNING hash", hash).toArray();
    if (used.length === 0) return false;
    this.#sql.exec(
      "INSERT INTO agents (agent_uid, name, sequence, observation, joined_at_ms, changed_at_ms) VALUES (?, ?, 0, NULL, ?, ?)",
      agentUid,
      name,
      nowMs,
      nowMs,
    );
    return true;
  }

  #observations(): AgentObservation[] {
    return this.#sql
      .exec("SELECT observation FROM agents WHERE observation IS NOT NULL ORDER BY agent_uid")
      .toArray()
      .flatMap((row) => parseObservation(row.observation) ?? []);
  }
}

function parseObservation(value: SqlStorageValue | undefined): AgentObservation | null {
  return typeof value === "string" ? (JSON.parse(value) as AgentObservation) : null;
}
