/**
 * A pod as the edge and the origin agent speak of it. A pod is one running instance (a process or a container) with
 * its queue-proxy; its id is chosen by the Revision object and never used again.
 */

/** What to run. Compiled by the control plane from a Revision's spec; equal for all pods of a revision. */
export type PodTemplate = {
  readonly namespace: string;
  /** Name of the Service, or "" for a Revision without one. */
  readonly service: string;
  readonly configuration: string;
  readonly revision: string;
  /** The driver asked for, or "auto": the agent's default. */
  readonly driver: string;
  readonly image: string;
  /** Kubernetes' `command` (entrypoint) and `args`; `$(NAME)` is expanded from the environment at the agent. */
  readonly command: readonly string[];
  readonly args: readonly string[];
  /** Relative paths start at the agent's working directory. */
  readonly workingDir?: string;
  /** In the order in which they are set; a later one of the same name wins. Values may be secret: none is logged or shown. */
  readonly env: readonly PodVariable[];
  /**
   * What the environment comes from and is not there: no new pod may start, and this is why. Absent when all is there.
   */
  readonly envProblem?: string;
  /** What not every driver can do; absent when there is nothing of the kind. A driver refuses what it cannot do by name. */
  readonly features?: readonly PodFeature[];
  /** The declared containerPort, 8080 if none was. The process driver chooses the real port and sets PORT. */
  readonly containerPort: number;
  readonly protocol: "http1" | "h2c";
  /** Requests at once in one pod; 0 = no limit. */
  readonly containerConcurrency: number;
  readonly timeoutSec: number;
  /** 0 = off. */
  readonly responseStartTimeoutSec: number;
  /** 0 = off. */
  readonly idleTimeoutSec: number;
  readonly readinessProbe: Probe;
  /** A pod that is not ready after this long has failed. */
  readonly progressDeadlineSec: number;
};

export type PodVariable = {
  readonly name: string;
  readonly value: string;
  /** From a ConfigMap or Secret: `$(NAME)` in it stands for itself. Absent = false. */
  readonly isLiteral?: boolean;
};

/** Something that a template asks for, and the field that asks for it (`spec.template.spec.containers[0].volumeMounts[0]`). */
export type PodFeature = {
  readonly feature:
    | "sidecar"
    | "init-container"
    | "volume"
    | "field-reference"
    | "exec-probe"
    | "grpc-probe"
    | "probe-of-other-port"
    | "liveness-probe"
    | "startup-probe"
    | "run-as"
    | "read-only-root"
    | "capability"
    | "scheduling";
  readonly field: string;
};

/** How readiness is asked for (Knative semantics §7.4). `periodSec` 0 = aggressive: as fast as the agent likes. */
export type Probe = {
  readonly handler:
    | { readonly type: "tcp" }
    | { readonly type: "http"; readonly path: string; readonly headers: readonly { name: string; value: string }[] };
  readonly periodSec: number;
  readonly timeoutSec: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
  readonly initialDelaySec: number;
};

/** One entry of the desired state that an Agent object sends down. */
export type DesiredPod = {
  readonly podId: string;
  readonly revisionUid: string;
  /** `retiring`: refuse new requests, then stop once nothing is in flight. A pod absent from the list is stopped likewise. */
  readonly wanted: "running" | "retiring";
  /**
   * How long a retiring pod may go on with what is in flight, in milliseconds; null = as long as it takes (scale-down
   * cuts nothing). A deleted revision gives its timeout.
   */
  readonly drainLimitMs: number | null;
  /** When the Revision object made the pod, and when it let it go, ms since epoch; for views. Absent in the version before. */
  readonly createdAtMs?: number;
  readonly retiringSinceMs?: number;
  readonly template: PodTemplate;
};

/**
 * Where a pod stands.
 *   starting  the process or container is being made, or runs and has not passed its probe
 *   ready     the probe passed; it takes requests
 *   draining  retiring with requests in flight, or between SIGTERM and its exit
 *   stopped   ended because it was asked to
 *   failed    ended, or never became ready, without having been asked to
 */
export type PodPhase = "starting" | "ready" | "draining" | "stopped" | "failed";

export type PodStatus = {
  readonly podId: string;
  readonly revisionUid: string;
  readonly phase: PodPhase;
  /** For `failed`: a CamelCase reason (see PodFailureReason); otherwise absent. */
  readonly reason?: PodFailureReason;
  /** For people: what happened, with the last log lines for a failure; for `starting`, why it runs and is not ready yet. */
  readonly message?: string;
  readonly exitCode?: number;
  /** Name of the signal that ended it, e.g. SIGKILL. */
  readonly signal?: string;
  /** How often its process was started again in place; absent = never. */
  readonly restarts?: number;
  /** Milliseconds from the agent's receipt of the wish to the running process; 0 until known. */
  readonly startMs: number;
  /** Milliseconds from the running process to the passed probe; 0 until known. */
  readonly readyMs: number;
};

/**
 *   CommandMissing   the template has no command and the driver needs one
 *   CommandNotFound  the executable does not exist, or may not be run
 *   WorkingDirNotFound  the working directory does not exist, or is no folder
 *   ExitCode         it exited before or after it was ready (exitCode or signal say how)
 *   ProgressDeadlineExceeded  it ran and never passed its probe in time
 *   CreateContainerConfigError  a ConfigMap or Secret of its environment is not there
 *   FeatureUnsupported  the template asks for what the driver does not do
 *   DriverUnavailable  the driver asked for is not enabled on this machine, or does not answer
 */
export type PodFailureReason =
  | "CommandMissing"
  | "CommandNotFound"
  | "WorkingDirNotFound"
  | "ExitCode"
  | "ProgressDeadlineExceeded"
  | "CreateContainerConfigError"
  | "FeatureUnsupported"
  | "DriverUnavailable";

/** What one queue-proxy measured since its previous report (Knative semantics §1). */
export type PodStats = {
  readonly podId: string;
  readonly revisionUid: string;
  /** Time-weighted average of requests in the pod, queued ones included. */
  readonly averageConcurrency: number;
  /** The share of it that came through the activator (K-Proxy-Request). */
  readonly averageProxiedConcurrency: number;
  /** Requests per second that arrived. */
  readonly requestCount: number;
  readonly proxiedRequestCount: number;
  /** At the moment of the report: admitted and queued requests, upgraded sockets included. */
  readonly inFlight: number;
  /** The part of inFlight that came with a ticket (proxied). */
  readonly proxiedInFlight: number;
  readonly queueDepth: number;
  /**
   * Request ids of upgraded connections that are open, for pods with a concurrency limit: the Revision object keeps
   * their slots occupied while they are listed. Empty for pods without a limit.
   */
  readonly sockets: readonly string[];
};
