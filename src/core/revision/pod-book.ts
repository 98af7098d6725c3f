/**
 * The pods of one revision by id, and whether the book changed since it was last saved.
 */
import { isReplica, type PodRecord } from "./pod-record.ts";

export class PodBook {
  readonly #pods = new Map<string, PodRecord>();
  #version = 0;

  constructor(pods: readonly PodRecord[] = []) {
    for (const pod of pods) this.#pods.set(pod.podId, pod);
  }

  /** Counts up with every change. */
  get version(): number {
    return this.#version;
  }

  get size(): number {
    return this.#pods.size;
  }

  all(): PodRecord[] {
    return [...this.#pods.values()];
  }

  get(podId: string): PodRecord | undefined {
    return this.#pods.get(podId);
  }

  put(pod: PodRecord): void {
    if (this.#pods.get(pod.podId) === pod) return;
    this.#pods.set(pod.podId, pod);
    this.#version += 1;
  }

  drop(podId: string): boolean {
    const isKnown = this.#pods.delete(podId);
    if (isKnown) this.#version += 1;
    return isKnown;
  }

  /** The private service: pods that take requests, in the order in which they were made. */
  ready(): PodRecord[] {
    return this.all().filter((pod) => pod.state === "ready");
  }

  replicas(): PodRecord[] {
    return this.all().filter(isReplica);
  }

  onAgent(agentUid: string): PodRecord[] {
    return this.all().filter((pod) => pod.agentUid === agentUid);
  }

  agents(): Set<string> {
    const uids = new Set<string>();
    for (const pod of this.#pods.values()) if (pod.agentUid !== null) uids.add(pod.agentUid);
    return uids;
  }
}
