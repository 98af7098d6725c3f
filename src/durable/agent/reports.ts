/**
 * What an Agent object tells others: its pods to their revisions, itself to the control plane. At least once: the identity
 * remembers whether it was told, and the alarm says everything of the pods again.
 */
import {
  CONTROL_PLANE_NAME,
  type ControlPlaneInbox,
  type ObjectNamespace,
  type RevisionRpc,
} from "../../core/protocol/objects.ts";
import type { AgentIdentity, AgentStore } from "./store.ts";

export type ReportsEnv = {
  readonly REVISION: ObjectNamespace<RevisionRpc>;
  readonly CONTROL_PLANE: ObjectNamespace<ControlPlaneInbox>;
};

export class Reports {
  readonly #store: AgentStore;
  readonly #env: ReportsEnv;
  /** Revisions that must hear of their pods, and did not yet. */
  readonly #due = new Set<string>();

  constructor(store: AgentStore, env: ReportsEnv) {
    this.#store = store;
    this.#env = env;
  }

  add(revisionUid: string): void {
    this.#due.add(revisionUid);
  }

  addAll(): void {
    for (const { revisionUid } of this.#store.assignments()) this.#due.add(revisionUid);
  }

  /** Tells everybody who must hear; what fails stays due. @returns whether anything is due still */
  async deliver(): Promise<boolean> {
    const identity = this.#store.identity();
    if (identity === null) return false;
    const due = [...this.#due];
    this.#due.clear();
    const observed = identity.isObserved === true ? Promise.resolve() : this.#observe(identity);
    await Promise.all([observed, ...due.map((revisionUid) => this.#report(identity, revisionUid))]);
    return this.#due.size > 0 || this.#store.identity()?.isObserved !== true;
  }

  async #report(identity: AgentIdentity, revisionUid: string): Promise<void> {
    const { agentUid, connection, dataUrl, keyEpoch } = identity;
    const sequence = this.#store.next("report", Date.now());
    const pods = this.#store.statuses(revisionUid);
    const report = { agentUid, sequence, connection, dataUrl, keyEpoch, pods };
    try {
      await this.#env.REVISION.getByName(revisionUid).podsReported(report);
    } catch {
      this.#due.add(revisionUid);
    }
  }

  async #observe(identity: AgentIdentity): Promise<void> {
    const { agentUid, name, connection, drivers, labels, capacity, system } = identity;
    const sequence = this.#store.next("observation", Date.now());
    const observation = {
      ...{ agentUid, name, sequence, connection, drivers, labels, capacity },
      ...(system === undefined ? {} : { system }),
    };
    try {
      await this.#env.CONTROL_PLANE.getByName(CONTROL_PLANE_NAME).agentObserved(observation);
    } catch {
      return;
    }
    // It may have changed meanwhile, and is due again then.
    if (this.#store.identity() === identity) this.#store.putIdentity({ ...identity, isObserved: true });
  }
}
