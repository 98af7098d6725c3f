/** What an Agent object tells others: its pods to their revisions, itself to the control plane. At least once. */
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
  #isObservationDue = false;

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

  /** The agent itself is not what it was. */
  addObservation(): void {
    this.#isObservationDue = true;
  }

  /** Tells everybody who must hear; what fails stays due. @returns whether anything is due still */
  async deliver(): Promise<boolean> {
    const identity = this.#store.identity();
    if (identity === null) return false;
    const due = [...this.#due];
    this.#due.clear();
    const observed = this.#isObservationDue ? this.#observe(identity) : Promise.resolve();
    await Promise.all([observed, ...due.map((revisionUid) => this.#report(identity, revisionUid))]);
    return this.#due.size > 0 || this.#isObservationDue;
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
    this.#isObservationDue = false;
    const { agentUid, name, connection, drivers, labels, capacity, system } = identity;
    const sequence = this.#store.next("observation", Date.now());
    const observation = {
      ...{ agentUid, name, sequence, connection, drivers, labels, capacity },
      ...(system === undefined ? {} : { system }),
    };
    try {
      await this.#env.CONTROL_PLANE.getByName(CONTROL_PLANE_NAME).agentObserved(observation);
    } catch {
      this.#isObservationDue = true;
    }
  }
}
