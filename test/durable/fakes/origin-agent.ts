/**
 * An origin agent without a machine: it keeps its link open as the real one does and obeys the desired state at once.
 * Its pods are names; what they answer is the test's business.
 */
import type { DesiredFrame, HelloFrame } from "../../../src/core/protocol/agent-link.ts";
import type { DesiredPod, PodStats, PodStatus } from "../../../src/core/protocol/pod.ts";
import { helloOf, Link, statusOf } from "./link.ts";

const RECONNECT_MS = 10;

export class OriginAgent {
  readonly hello: HelloFrame;
  readonly pods = new Map<string, PodStatus>();
  /** How often the link was opened. */
  connections = 0;
  /** What a pod that starts comes to; the test decides with `finishStarts` when it is null. */
  startsAs: Partial<PodStatus> | null = { phase: "ready" };
  #link: Link | null = null;
  #isStopped = false;

  private constructor(agentUid: string, changes: Partial<HelloFrame>) {
    this.hello = helloOf(agentUid, changes);
  }

  /** @returns once the edge has welcomed it */
  static async start(agentUid: string, changes: Partial<HelloFrame> = {}): Promise<OriginAgent> {
    const agent = new OriginAgent(agentUid, changes);
    void agent.#keepConnected(await agent.#connect());
    return agent;
  }

  get ref() {
    const { agentUid, name, drivers } = this.hello;
    return { agentUid, name, drivers };
  }

  /** Its pods of one revision; revisions of other tests may have found it too. */
  podsOf(revisionUid: string): PodStatus[] {
    return [...this.pods.values()].filter((pod) => pod.revisionUid === revisionUid);
  }

  /** Pods that are starting, and those that start later, become ready or end as the test says. */
  finishStarts(as: Partial<PodStatus> = { phase: "ready" }): void {
    this.startsAs = as;
    for (const status of [...this.pods.values()]) {
      if (status.phase === "starting") this.#report({ ...status, ...as });
    }
  }

  /** What its queue-proxies measured: nothing, save what the test says. */
  measure(changes: Partial<PodStats> = {}): void {
    const pods = [...this.pods.values()].map(({ podId, revisionUid }) => ({
      ...{ podId, revisionUid, averageConcurrency: 0, averageProxiedConcurrency: 0, requestCount: 0 },
      ...{ proxiedRequestCount: 0, inFlight: 0, proxiedInFlight: 0, queueDepth: 0, sockets: [], ...changes },
    }));
    this.#link?.send({ type: "stats", measuredAtMs: Date.now(), pods });
  }

  stop(): void {
    this.#isStopped = true;
    this.#link?.close();
  }

  async #connect(): Promise<Link> {
    const link = await Link.open(this.hello.agentUid);
    link.send({ ...this.hello, pods: [...this.pods.values()] });
    await link.next("welcome");
    this.#link = link;
    this.connections += 1;
    return link;
  }

  async #keepConnected(first: Link): Promise<void> {
    for (let link: Link | null = first; !this.#isStopped; ) {
      try {
        link ??= await this.#connect();
        for (;;) this.#obey(await link.next("desired"));
      } catch {
        link = null;
        await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
      }
    }
  }

  #obey(desired: DesiredFrame): void {
    const wanted = new Set(desired.pods.map((pod) => pod.podId));
    for (const podId of this.pods.keys()) if (!wanted.has(podId)) this.pods.delete(podId);
    for (const pod of desired.pods) {
      const status = this.pods.get(pod.podId);
      if (pod.wanted === "retiring") this.#report(statusOf(pod.podId, pod.revisionUid, { phase: "stopped" }));
      else if (status === undefined) this.#start(pod);
    }
  }

  #start({ podId, revisionUid }: DesiredPod): void {
    this.#report(statusOf(podId, revisionUid, { phase: "starting" }));
    if (this.startsAs !== null) this.#report(statusOf(podId, revisionUid, this.startsAs));
  }

  /** What a closed link loses is repeated by the next hello. */
  #report(status: PodStatus): void {
    this.pods.set(status.podId, status);
    if (this.#link?.isClosed === false) this.#link.report(status);
  }
}
