/**
 * What a revision's machine saves: plain JSON, so that eviction is a non-event. Requests, tickets and leases are not in
 * it; they belong to isolates that ask again.
 */
import type { PersistedAutoscaler } from "../autoscaler/autoscaler.ts";
import type { AgentConnection, AgentRef, RevisionObservation, RevisionOrder } from "../protocol/objects.ts";
import type { PodRecord } from "./pod-record.ts";
import type { StartFailures } from "./start-failures.ts";

/** How to reach an agent's pods, from its last report. */
export type AgentContact = {
  readonly agentUid: string;
  readonly sequence: number;
  readonly dataUrl: string | null;
  readonly keyEpoch: number;
  readonly connection: AgentConnection;
};

export type DeploymentSnapshot = {
  readonly pods: readonly PodRecord[];
  readonly assignSequence: number;
  readonly agents: readonly AgentRef[];
  readonly contacts: readonly AgentContact[];
  readonly failures: StartFailures | null;
};

export type RevisionSnapshot = {
  readonly order: RevisionOrder | null;
  readonly deployment: DeploymentSnapshot;
  readonly replicas: number;
  readonly isDestroyed: boolean;
  readonly observation: RevisionObservation | null;
  readonly autoscaler: PersistedAutoscaler | null;
};
