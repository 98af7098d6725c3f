/**
 * What a driver does for the agent: it makes instances, finds those that outlived an agent, and tells when one ends.
 * Whether and when an instance is started or stopped is decided elsewhere (pod.ts).
 */
import type { PodFailureReason, PodTemplate } from "../../core/protocol/pod.ts";

export type Driver = {
  readonly name: string;
  /** Makes the instance of a pod. The process driver has spawned it before the promise is returned: starts are hot. */
  start(order: StartOrder): Promise<StartResult>;
  /** After a restart of the agent: every pod of this state folder, those that ended included. */
  find(): Promise<readonly FoundPod[]>;
  /** Lets go of ports and timers. Instances live on. */
  close(): Promise<void>;
};

export type StartOrder = {
  readonly podId: string;
  readonly revisionUid: string;
  readonly controlPlaneId: string;
  readonly template: PodTemplate;
};

export type StartResult =
  | { readonly kind: "started"; readonly instance: Instance }
  | { readonly kind: "failed"; readonly reason: PodFailureReason; readonly message: string };

export type FoundPod = StartOrder & {
  readonly instance: Instance;
  /** The agent had asked it to stop: its end is no failure. */
  readonly isStopRequested: boolean;
};

export type Instance = {
  /** Where the application may listen; the probe finds out which of them it is. */
  readonly hosts: readonly string[];
  readonly port: number;
  /** Settles once, when nothing of the instance runs any more. */
  readonly exited: Promise<PodExit>;
  /** Puts on record, where the disk lets it, that what follows was asked for; then sends SIGTERM. Never throws. */
  requestStop(): void;
  kill(): void;
  /** The newest lines of its output, for messages; "" when there is none. */
  logTail(lineCount: number): string;
  /** The edge has dropped the ended pod: its records may go. Never throws. */
  forget(): void;
};

/** `{}` = nobody knows how it ended. A process that a signal ended has both, since a shell reports it as 128 + number. */
export type PodExit = { readonly exitCode?: number; readonly signal?: string };
