/**
 * The RPC surface of the Durable Objects: what they say to one another and to the Worker. Parameters are plain data.
 * Every message that changes state carries a uid and a number that only grows; a receiver drops what is older, so any
 * message may arrive late or twice. A version understands the messages of the version before it: fields are added, never
 * given a new meaning.
 */
import type { ScalingSpec } from "../autoscaler/spec.ts";
import type { AcquireRequest, Endpoint, PendingAdmission } from "./admission.ts";
import type { DesiredPod, PodStats, PodStatus, PodTemplate } from "./pod.ts";

/** The part of a DurableObjectNamespace that Rouse uses, in terms of an RPC interface of this file. */
export type ObjectNamespace<T> = {
  getByName(name: string, options?: { locationHint?: string }): T;
};

/** There is one ControlPlane object; this is its name. */
export const CONTROL_PLANE_NAME = "control-plane";

// --- Revision ---

export type RevisionRpc = {
  /** ControlPlane → Revision: what the revision is. Idempotent; an older `sequence` is dropped. */
  applyOrder(order: RevisionOrder): Promise<void>;
  /** ControlPlane → Revision: stop all pods, forget everything. Idempotent. Resolves when it is on record, not when done. */
  destroy(sequence: number): Promise<void>;
  /** ControlPlane → Revision: an agent appeared or came back; try again to place what is waiting for one. */
  agentsChanged(agents: readonly AgentRef[]): Promise<void>;

  /** Gateway → activator. Stays pending while the request is held. */
  acquire(request: AcquireRequest): PendingAdmission;
  /** Gateway → activator: a newer lease for an isolate that has one. Never waits and never wakes. null = ask with `acquire`. */
  renewLease(): Promise<LeaseRenewal | null>;
  /** Gateway → activator: the client of a held request went away. */
  cancel(requestId: string): Promise<void>;

  /** Agent object → private service: all pods of this revision on that agent. Idempotent. */
  podsReported(report: AgentPodsReport): Promise<void>;
  /** Agent object → metrics: what the queue-proxies of this revision measured on that agent. */
  statsReported(report: AgentStatsReport): Promise<void>;

  /** For views and tests: the state as plain data. */
  describe(): Promise<RevisionDescription>;
};

export type LeaseRenewal = {
  readonly endpoints: readonly Endpoint[];
  readonly expiresAtMs: number;
  readonly isLimited: boolean;
};

/** The uid, names and wishes of one revision, compiled by the control plane. */
export type RevisionOrder = {
  readonly revisionUid: string;
  readonly controlPlaneId: string;
  /** Grows with each order for this revision. */
  readonly sequence: number;
  readonly template: PodTemplate;
  readonly scaling: ScalingSpec;
  readonly reachability: "Reachable" | "Unreachable" | "Unknown";
  /** The agents known when the order was written; the Revision tries them before it asks for a newer list. */
  readonly agents: readonly AgentRef[];
};

export type AgentRef = {
  readonly agentUid: string;
  readonly name: string;
  readonly drivers: readonly string[];
};

export type AgentPodsReport = {
  readonly agentUid: string;
  /** Counts up with each report of the Agent object; an older one is dropped. */
  readonly sequence: number;
  readonly connection: AgentConnection;
  /** Base of the data plane of this agent, e.g. `http://127.0.0.1:8012`; null until it said hello. */
  readonly dataUrl: string | null;
  /** Epoch of the key that the agent was given last. */
  readonly keyEpoch: number;
  readonly pods: readonly PodStatus[];
};

/**
 *   Connected     the link is open
 *   Disconnected  it dropped; pods stay in rotation (every deploy drops every socket)
 *   Lost          it stayed away too long; its pods are out and are replaced elsewhere
 */
export type AgentConnection = "Connected" | "Disconnected" | "Lost";

export type AgentStatsReport = {
  readonly agentUid: string;
  readonly measuredAtMs: number;
  readonly pods: readonly PodStats[];
};

/** A snapshot of a revision's data plane, for views, tests and the page. */
export type RevisionDescription = {
  readonly revisionUid: string;
  readonly mode: "Proxy" | "Serve";
  readonly desiredScale: number;
  readonly actualScale: number;
  readonly held: number;
  readonly tickets: number;
  readonly pods: readonly {
    readonly podId: string;
    readonly agentUid: string | null;
    readonly state: string;
    readonly inFlight: number;
    readonly ticketed: number;
  }[];
  readonly excessBurstCapacity: number;
  readonly hasTimer: boolean;
};

// --- Agent ---

export type AgentRpc = {
  /**
   * Revision → Agent: these are all the pods of this revision that shall be on this machine. An older `sequence` is
   * dropped (its answer repeats what stands). Pods that were accepted before are never refused.
   */
  assign(assignment: Assignment): Promise<AssignmentResult>;
  /** Test and view. */
  describe(): Promise<AgentDescription>;
  /** The WebSocket of the agent arrives here; the Worker has checked the credential. */
  fetch(request: Request): Promise<Response>;
};

/** Both platforms have a Request and a Response; core only passes them through. */
type Request = unknown;
type Response = unknown;

export type Assignment = {
  readonly revisionUid: string;
  readonly sequence: number;
  readonly pods: readonly DesiredPod[];
};

export type AssignmentResult = {
  readonly connection: AgentConnection | "NeverSeen";
  /** Pods of the assignment that this machine will not take, with the reason for people. */
  readonly refused: readonly { readonly podId: string; readonly reason: string }[];
};

export type AgentDescription = {
  readonly agentUid: string;
  readonly connection: AgentConnection | "NeverSeen";
  /** null until it said hello. */
  readonly dataUrl: string | null;
  readonly generation: number;
  readonly desired: readonly DescribedPod[];
  readonly pods: readonly PodStatus[];
};

/** A wanted pod as views tell of it: without its template, whose environment may hold secrets. */
export type DescribedPod = {
  readonly podId: string;
  readonly revisionUid: string;
  readonly wanted: DesiredPod["wanted"];
  readonly namespace: string;
  readonly revision: string;
  readonly image: string;
  readonly createdAtMs?: number;
  readonly retiringSinceMs?: number;
};

// --- ControlPlane, as the other objects see it ---

export type ControlPlaneInbox = {
  /**
   * Revision → ControlPlane: what its pods look like; becomes conditions. An older `sequence` is dropped.
   * @returns false when there is no such revision (any more): the object ends its pods and itself
   */
  revisionObserved(observation: RevisionObservation): Promise<boolean>;
  /** Revision → ControlPlane: its pods are gone after `destroy`; the finalizer may go. */
  revisionDestroyed(revisionUid: string): Promise<void>;
  /** Agent → ControlPlane: it connected, disconnected or was lost. */
  agentObserved(observation: AgentObservation): Promise<void>;
  /** Revision → ControlPlane: which agents there are now. */
  listAgents(): Promise<readonly AgentRef[]>;
};

export type RevisionObservation = {
  readonly revisionUid: string;
  readonly sequence: number;
  readonly desiredScale: number;
  readonly actualScale: number;
  /** Whether the activator is in the way of requests; absent in the version before. */
  readonly mode?: "Proxy" | "Serve";
  /** Ids of ready pods, of many only the first; absent in the version before. */
  readonly readyPods?: readonly string[];
  /** The initial scale was reached once (Knative's ScaleTargetInitialized). Never goes back. */
  readonly isInitialized: boolean;
  readonly active: { readonly status: "True" | "False" | "Unknown"; readonly reason: string; readonly message: string };
  /** Why a pod that runs is not ready yet, for people, while none is ready; absent when there is nothing to tell. */
  readonly unready?: string;
  /** Why there is no pod although one is wanted; null while nothing is wrong. */
  readonly failure: {
    readonly condition: "ContainerHealthy" | "ResourcesAvailable";
    readonly reason: string;
    readonly message: string;
  } | null;
};

export type AgentObservation = {
  readonly agentUid: string;
  readonly name: string;
  readonly sequence: number;
  readonly connection: AgentConnection;
  readonly drivers: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly capacity: AgentCapacity;
  /** Absent in the version before. */
  readonly system?: AgentSystem;
};

/** The machine of an agent, for people: `operatingSystem` and `architecture` in Kubernetes' words (linux, amd64). */
export type AgentSystem = {
  readonly operatingSystem: string;
  readonly architecture: string;
  readonly kernelVersion: string;
  readonly osImage: string;
  readonly machineId: string;
};

export type AgentCapacity = {
  /** Pods that the machine will run at once. */
  readonly pods: number;
  readonly cpuMillis: number;
  readonly memoryBytes: number;
};

// --- Routes ---

export type RoutesRpc = {
  /** ControlPlane → Routes: entries of this shard, by host; an older `sequence` per host is dropped. null deletes. */
  putEntries(changes: readonly RouteChange[]): Promise<void>;
  /** Gateway → Routes. @returns null for a host that no route answers to */
  resolve(host: string): Promise<RouteEntry | null>;
};

export type RouteChange = { readonly host: string; readonly sequence: number; readonly entry: RouteEntry | null };

/** What a gateway needs to know of one host: the compiled Route (Knative's VirtualService). */
export type RouteEntry = {
  readonly host: string;
  readonly routeUid: string;
  readonly namespace: string;
  readonly route: string;
  readonly visibility: "external" | "cluster-local";
  /** Percents sum to 100. */
  readonly targets: readonly RouteTarget[];
  /** Equals the `sequence` of the change that brought it. */
  readonly generation: number;
};

export type RouteTarget = {
  readonly revisionUid: string;
  readonly revision: string;
  readonly percent: number;
  /** The revision's timeoutSeconds: the gateway's deadline from arrival. */
  readonly timeoutSec: number;
};
