/**
 * The link between an Agent object and an origin agent: JSON text frames over one WebSocket that the agent opens at
 * `GET /rouse/v1/agents/<agent uid>/link` with `Authorization: Bearer <credential>`.
 *
 *     agent  ── hello ──▶ edge      who I am, what I can run, which pods I found
 *     agent  ◀── welcome ─ edge     keys for grants          (or `refuse`, then the socket closes)
 *     agent  ◀── desired ─ edge     the whole wanted state, again at each change; generations only grow
 *     agent  ── status ──▶ edge     pods that changed, at once; all of them after hello
 *     agent  ── stats ───▶ edge     each second while there are pods
 *
 * Liveness: the agent sends the text LINK_PING every PING_INTERVAL_MS; the object's auto-response answers LINK_PONG
 * without waking. An agent that misses LINK_DEAD_AFTER_MS of pongs closes and reconnects.
 */
import type { AgentCapacity, AgentSystem } from "./objects.ts";
import type { DesiredPod, PodStats, PodStatus } from "./pod.ts";

export const LINK_VERSION = 1;
export const LINK_PING = "ping";
export const LINK_PONG = "pong";
export const PING_INTERVAL_MS = 5_000;
export const LINK_DEAD_AFTER_MS = 15_000;
/** The agent closes its link with this code when it stops together with its pods: they are replaced elsewhere at once. */
export const CLOSE_STOPPING = 4000;
/** A frame longer than this is refused by both sides. */
export const MAX_FRAME_BYTES = 8 * 1024 * 1024;

export function agentLinkPath(agentUid: string): string {
  return `/rouse/v1/agents/${agentUid}/link`;
}

export type HelloFrame = {
  readonly type: "hello";
  readonly version: number;
  readonly agentUid: string;
  /** For people and `kubectl get nodes`: the machine's name. */
  readonly name: string;
  /** New at each start of the agent's process. */
  readonly bootId: string;
  readonly machineId: string;
  /** Absent in the version before. */
  readonly system?: AgentSystem;
  readonly labels: Readonly<Record<string, string>>;
  readonly capacity: AgentCapacity;
  /** Drivers that the operator enabled and that work, the default first. */
  readonly drivers: readonly string[];
  /** Base URL of the data plane as the edge reaches it, without a trailing slash. */
  readonly dataUrl: string;
  /** The agent's clock when it sent this, ms since epoch. */
  readonly clockMs: number;
  /** The control plane whose desired state the agent keeps, and its generation; null for an agent that has none. */
  readonly controlPlaneId: string | null;
  readonly generation: number;
  /** Every pod that runs or that ended and was not yet acknowledged. */
  readonly pods: readonly PodStatus[];
};

export type StatusFrame = {
  readonly type: "status";
  /** The generation of the desired state that the agent works on. */
  readonly generation: number;
  readonly pods: readonly PodStatus[];
};

export type StatsFrame = { readonly type: "stats"; readonly measuredAtMs: number; readonly pods: readonly PodStats[] };

export type AgentFrame = HelloFrame | StatusFrame | StatsFrame;

export type WelcomeFrame = {
  readonly type: "welcome";
  readonly version: number;
  readonly controlPlaneId: string;
  /** Keys that grants may be signed with, newest last; raw 32 bytes in base64url. */
  readonly keys: readonly { readonly epoch: number; readonly key: string }[];
  /** The edge's clock when it sent this: the agent judges expiries by it. */
  readonly clockMs: number;
};

export type DesiredFrame = {
  readonly type: "desired";
  readonly controlPlaneId: string;
  readonly generation: number;
  readonly pods: readonly DesiredPod[];
};

/** Terminal: the agent must not reconnect with the same identity before a person acted (`duplicate`) or at all. */
export type RefuseFrame = {
  readonly type: "refuse";
  readonly reason: "duplicate" | "version" | "malformed";
  readonly message: string;
};

export type EdgeFrame = WelcomeFrame | DesiredFrame | RefuseFrame;

/**
 * Parses a frame from the agent. The link is authenticated, so this guards against version skew and bugs: the shape is
 * checked to the depth that the receiver relies on.
 * @returns the frame, or a sentence that names the field that is wrong
 */
export function parseAgentFrame(text: string): AgentFrame | { readonly type: "invalid"; readonly message: string } {
  const value = parseObject(text);
  if (value === null) return invalid("the frame is not a JSON object");
  switch (value.type) {
    case "hello":
      return (
        firstProblem(value, {
          version: isNumber,
          agentUid: isString,
          name: isString,
          bootId: isString,
          machineId: isString,
          system: optional(isSystem),
          labels: isRecord,
          capacity: isCapacity,
          drivers: isStrings,
          dataUrl: isHttpUrl,
          clockMs: isNumber,
          generation: isNumber,
          pods: isPodStatuses,
        }) ?? (value as unknown as HelloFrame)
      );
    case "status":
      return firstProblem(value, { generation: isNumber, pods: isPodStatuses }) ?? (value as unknown as StatusFrame);
    case "stats":
      return firstProblem(value, { measuredAtMs: isNumber, pods: isPodStats }) ?? (value as unknown as StatsFrame);
    default:
      return invalid(`type: ${JSON.stringify(value.type)} is not a frame that this version knows`);
  }
}

/** Parses a frame from the edge; see parseAgentFrame. */
export function parseEdgeFrame(text: string): EdgeFrame | { readonly type: "invalid"; readonly message: string } {
  const value = parseObject(text);
  if (value === null) return invalid("the frame is not a JSON object");
  switch (value.type) {
    case "welcome":
      return (
        firstProblem(value, { controlPlaneId: isString, keys: isKeys, clockMs: isNumber }) ??
        (value as unknown as WelcomeFrame)
      );
    case "desired":
      return (
        firstProblem(value, { controlPlaneId: isString, generation: isNumber, pods: isDesiredPods }) ??
        (value as unknown as DesiredFrame)
      );
    case "refuse":
      return firstProblem(value, { reason: isString, message: isString }) ?? (value as unknown as RefuseFrame);
    default:
      return invalid(`type: ${JSON.stringify(value.type)} is not a frame that this version knows`);
  }
}

/** @returns null when the value is right, else where below it the fault lies: "" for the value itself, `[0].podId` */
type Check = (value: unknown) => string | null;

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(message: string): { readonly type: "invalid"; readonly message: string } {
  return { type: "invalid", message };
}

function firstProblem(value: Record<string, unknown>, checks: Record<string, Check>) {
  const at = firstFault(value, checks);
  return at === null ? null : invalid(`${at}: missing or of the wrong kind`);
}

function firstFault(value: Record<string, unknown>, checks: Record<string, Check>): string | null {
  for (const [field, check] of Object.entries(checks)) {
    const below = check(value[field]);
    if (below !== null) return `${field}${below}`;
  }
  return null;
}

function is(claim: (value: unknown) => boolean): Check {
  return (value) => (claim(value) ? null : "");
}

function withFields(checks: Record<string, Check>): Check {
  return (value) => {
    if (!isObject(value)) return "";
    const at = firstFault(value, checks);
    return at === null ? null : `.${at}`;
  };
}

function listOf(check: Check): Check {
  return (value) => {
    if (!Array.isArray(value)) return "";
    for (const [index, item] of value.entries()) {
      const below = check(item);
      if (below !== null) return `[${index}]${below}`;
    }
    return null;
  };
}

function optional(check: Check): Check {
  return (value) => (value === undefined ? null : check(value));
}

const isString = is((value) => typeof value === "string");
const isNumber = is((value) => typeof value === "number" && Number.isFinite(value));
const isRecord = is(isObject);
const isStrings = listOf(isString);
const isHttpUrl = is((value) => typeof value === "string" && /^https?:\/\/[^/]+(\/.*)?$/.test(value));
const isCapacity = withFields({ pods: isNumber, cpuMillis: isNumber, memoryBytes: isNumber });
const isSystem = withFields({
  operatingSystem: isString,
  architecture: isString,
  kernelVersion: isString,
  osImage: isString,
  machineId: isString,
});
const isKeys = listOf(withFields({ epoch: isNumber, key: isString }));
const isPodStatuses = listOf(
  withFields({ podId: isString, revisionUid: isString, phase: isString, startMs: isNumber, readyMs: isNumber }),
);
const isPodStats = listOf(
  withFields({
    podId: isString,
    revisionUid: isString,
    averageConcurrency: isNumber,
    averageProxiedConcurrency: isNumber,
    requestCount: isNumber,
    proxiedRequestCount: isNumber,
    inFlight: isNumber,
    proxiedInFlight: isNumber,
    sockets: isStrings,
  }),
);
const isDesiredPods = listOf(
  withFields({ podId: isString, revisionUid: isString, wanted: isString, template: isRecord }),
);
