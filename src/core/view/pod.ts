/**
 * A pod as its agent tells of it, as a Pod of the core group. Its container is the process or container of the revision;
 * the queue-proxy, which runs inside the agent, is shown as the container that it is elsewhere.
 */
import type { AgentConnection, DescribedPod } from "../protocol/objects.ts";
import type { PodStatus } from "../protocol/pod.ts";
import { timestampOf } from "../resource/timestamp.ts";
import { podConditions } from "./pod-conditions.ts";
import { containerState, hasStarted, queueProxyState } from "./pod-container-state.ts";
import {
  annotationsBelow,
  type ContainerFacts,
  deploymentName,
  labelsBelow,
  podName,
  type RevisionFacts,
  USER_CONTAINER,
} from "./revision-facts.ts";
import { type ViewObject, versioned } from "./view-object.ts";

export type PodFacts = {
  readonly wished: DescribedPod;
  /** null until the agent reported it. */
  readonly status: PodStatus | null;
  /** null when the control plane does not know the revision any more. */
  readonly revision: RevisionFacts | null;
  readonly nodeName: string;
  readonly connection: AgentConnection | "NeverSeen";
  /** Where the agent takes requests; null until it said hello. */
  readonly dataUrl: string | null;
};

/** @returns null for a pod that is gone: it was asked to end and did */
export function podView(facts: PodFacts): ViewObject | null {
  const { wished, status, revision, nodeName } = facts;
  if (status?.phase === "stopped") return null;
  const createdAtMs = wished.createdAtMs ?? Date.parse(revision?.metadata.creationTimestamp ?? timestampOf(0));
  const containers = containersOf(facts);
  return versioned({
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...ownership(facts),
      uid: wished.podId,
      creationTimestamp: timestampOf(createdAtMs),
      ...deletion(wished),
    },
    spec: {
      nodeName,
      hostNetwork: true,
      restartPolicy: "Always",
      containers: containers.map(({ name, image, ports, resources = {} }) => ({
        name,
        image,
        ...(ports === undefined ? {} : { ports }),
        resources,
      })),
    },
    status: {
      phase: phaseOf(facts),
      ...(status?.message === undefined ? {} : { message: status.message }),
      conditions: podConditions(facts, createdAtMs),
      ...addresses(facts.dataUrl),
      startTime: timestampOf(createdAtMs),
      containerStatuses: containers.map(({ name, image }) => ({
        name,
        image,
        imageID: "",
        ready: isReady(facts),
        started: hasStarted(status),
        restartCount: name === QUEUE_PROXY ? 0 : (status?.restarts ?? 0),
        state: (name === QUEUE_PROXY ? queueProxyState : containerState)(status, createdAtMs),
        lastState: {},
      })),
    },
  });
}

/** Whether it takes requests. */
export function isReady({ wished, status, connection }: PodFacts): boolean {
  return wished.wanted === "running" && status?.phase === "ready" && connection !== "Lost";
}

const QUEUE_PROXY = "queue-proxy";
const QUEUE_PROXY_IMAGE = "rouse.dev/queue-proxy";

function containersOf({ wished, revision }: PodFacts): ContainerFacts[] {
  const own = revision?.containers ?? [{ name: USER_CONTAINER, image: wished.image }];
  return [...own, { name: QUEUE_PROXY, image: QUEUE_PROXY_IMAGE }];
}

function ownership({ wished, revision }: PodFacts) {
  const { podId, namespace, revision: revisionName, revisionUid } = wished;
  const owner = revision?.metadata ?? { name: revisionName, uid: revisionUid, labels: {}, annotations: {} };
  return {
    name: podName(revisionName, podId),
    generateName: `${deploymentName(revisionName)}-`,
    namespace,
    labels: labelsBelow(owner),
    annotations: annotationsBelow(owner),
    ownerReferences: [
      {
        ...{ apiVersion: "serving.knative.dev/v1", kind: "Revision", name: owner.name, uid: owner.uid },
        ...{ controller: true, blockOwnerDeletion: true },
      },
    ],
  };
}

/** A pod that retires is what Kubernetes calls terminating. */
function deletion({ wanted, retiringSinceMs, createdAtMs = 0 }: DescribedPod): { readonly deletionTimestamp?: string } {
  return wanted === "retiring" ? { deletionTimestamp: timestampOf(retiringSinceMs ?? createdAtMs) } : {};
}

/**
 *     nothing reported, or no process yet   Pending
 *     starting with a process, ready, draining   Running
 *     failed                                Failed
 *     any of them on a lost agent           Unknown
 */
function phaseOf({ status, connection }: PodFacts): string {
  if (connection === "Lost") return "Unknown";
  if (status === null) return "Pending";
  if (status.phase === "failed") return "Failed";
  return hasStarted(status) ? "Running" : "Pending";
}

/** Pods share the network of their machine; a name instead of an address is no IP and is left out. */
function addresses(dataUrl: string | null) {
  const host = /^https?:\/\/(\[[0-9a-fA-F:.]+\]|\d+\.\d+\.\d+\.\d+)([:/]|$)/.exec(dataUrl ?? "")?.[1];
  if (host === undefined) return {};
  const ip = host.replaceAll(/[[\]]/g, "");
  return { hostIP: ip, podIP: ip, podIPs: [{ ip }] };
}
