/**
 * Makes the machine look like the desired state: starts what is new, retires what is not wanted any more, remembers what
 * ended until the edge has dropped it.
 *
 *     in desired, unknown here ─▶ start          in desired as retiring, or absent ─▶ retire
 *     ended, in desired        ─▶ keep reporting     ended, absent                 ─▶ forget
 *
 * A lower generation is old news and dropped. Pods of another control plane than the frame's are left alone.
 */
import type { Logger } from "pino";
import type { DesiredFrame } from "../core/protocol/agent-link.ts";
import type { DesiredPod, PodStats, PodStatus } from "../core/protocol/pod.ts";
import { attempt } from "./bookkeeping.ts";
import type { Driver, StartOrder } from "./drivers/driver.ts";
import { Pod } from "./pod.ts";
import type { PodProxy } from "./queue-proxy/pod-proxy.ts";
import type { AgentState, StateFile } from "./state-file.ts";

/** Ids of pods that ended and were forgotten: a late frame must not start them again. */
const REMEMBERED_ENDED_PODS = 10_000;
/** An id names a folder and a part of a grant. */
const POD_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;

export type ReconcilerOptions = {
  /** The first is the default. */
  readonly drivers: readonly Driver[];
  readonly stateFile: StateFile;
  readonly log: Logger;
  readonly onChange: (pod: Pod) => void;
};

export class Reconciler {
  readonly #drivers: readonly Driver[];
  readonly #stateFile: StateFile;
  readonly #log: Logger;
  readonly #onChange: (pod: Pod) => void;
  readonly #pods = new Map<string, Pod>();
  readonly #proxies = new Map<string, PodProxy>();
  readonly #endedIds = new Set<string>();
  #state: AgentState;

  constructor(options: ReconcilerOptions) {
    this.#drivers = options.drivers;
    this.#stateFile = options.stateFile;
    this.#log = options.log;
    this.#onChange = options.onChange;
    this.#state = options.stateFile.read();
  }

  get state(): AgentState {
    return this.#state;
  }

  /** By pod id; the data server looks here. */
  get proxies(): ReadonlyMap<string, PodProxy> {
    return this.#proxies;
  }

  get pods(): Iterable<Pod> {
    return this.#pods.values();
  }

  statuses(): PodStatus[] {
    return [...this.#pods.values()].map((pod) => pod.status());
  }

  /** What the pods that have not ended measured since the previous call. */
  stats(nowMs: number): PodStats[] {
    return [...this.#pods.values()].filter((pod) => !pod.hasEnded).map((pod) => pod.proxy.report(nowMs));
  }

  /** Takes over what an agent before this one left running. */
  async adopt(): Promise<void> {
    for (const driver of this.#drivers) {
      for (const { instance, isStopRequested, ...order } of await driver.find()) {
        const pod = this.#add(order);
        this.#log.info({ pod: order.podId, port: instance.port }, "found a pod of an earlier agent");
        void pod.adopt(instance, isStopRequested);
      }
    }
  }

  /** @param receivedAtMs on the clock of performance.now() */
  apply(frame: DesiredFrame, receivedAtMs: number): void {
    const { controlPlaneId, generation } = frame;
    const isKnown = controlPlaneId === this.#state.controlPlaneId;
    if (isKnown && generation < this.#state.generation) {
      this.#log.warn({ generation, current: this.#state.generation }, "dropping a desired state that is older");
      return;
    }
    const wanted = new Set<string>();
    for (const desired of frame.pods) {
      wanted.add(desired.podId);
      this.#applyPod(desired, controlPlaneId, receivedAtMs);
    }
    for (const pod of this.#pods.values()) {
      if (!wanted.has(pod.order.podId)) this.#applyAbsence(pod, controlPlaneId);
    }
    // After the starts, since a cold request waits for those. A crash in between repeats the frame, which changes nothing.
    if (!isKnown || generation !== this.#state.generation) {
      if (!isKnown) this.#log.info({ controlPlaneId, before: this.#state.controlPlaneId }, "following a control plane");
      this.#state = { controlPlaneId, generation };
      attempt(this.#log, "record the generation that this agent follows", () => this.#stateFile.write(this.#state));
    }
  }

  /** Stops every pod, also those in use and those of other control planes. */
  async stopAll(graceMs: number): Promise<void> {
    await Promise.all([...this.#pods.values()].map((pod) => (pod.hasEnded ? undefined : pod.stopNow(graceMs))));
  }

  /** Lets go of all pods and leaves them running. */
  leaveAll(): void {
    for (const pod of this.#pods.values()) pod.leave();
  }

  #applyPod(desired: DesiredPod, controlPlaneId: string, receivedAtMs: number): void {
    const { podId, revisionUid, template, wanted, drainLimitMs } = desired;
    const present = this.#pods.get(podId);
    if (present !== undefined) {
      if (wanted === "retiring") present.retire(drainLimitMs);
      return;
    }
    if (!POD_ID.test(podId)) {
      this.#log.error({ podId }, "dropping a pod whose id is not letters, digits, - and _");
      return;
    }
    const pod = this.#add({ podId, revisionUid, controlPlaneId, template });
    if (wanted === "retiring" || this.#endedIds.has(podId)) {
      // It is not here (any more) and must not come (back): say so, or the edge waits for its end.
      pod.neverRan();
      return;
    }
    const driver = this.#driverFor(template.driver);
    if (driver !== null) {
      pod.start(driver, receivedAtMs).catch((error: unknown) => {
        pod.fail(
          "DriverUnavailable",
          `driver ${driver.name}: ${error instanceof Error ? error.message : String(error)}`,
        );
      });
      return;
    }
    const enabled = this.#drivers.map(({ name }) => name).join(", ");
    pod.fail("DriverUnavailable", `driver "${template.driver}" is not enabled on this agent (enabled: ${enabled})`);
  }

  #applyAbsence(pod: Pod, controlPlaneId: string): void {
    if (pod.order.controlPlaneId !== controlPlaneId) {
      this.#log.warn(
        { pod: pod.order.podId, controlPlaneId: pod.order.controlPlaneId },
        "keeping a pod of another control plane",
      );
    } else if (pod.hasEnded) this.#forget(pod);
    else pod.retire(null);
  }

  #add(order: StartOrder): Pod {
    const pod = new Pod(order, this.#log, this.#onChange);
    this.#pods.set(order.podId, pod);
    this.#proxies.set(order.podId, pod.proxy);
    return pod;
  }

  #forget(pod: Pod): void {
    const { podId } = pod.order;
    pod.forget();
    this.#pods.delete(podId);
    this.#proxies.delete(podId);
    this.#endedIds.add(podId);
    if (this.#endedIds.size <= REMEMBERED_ENDED_PODS) return;
    for (const oldest of this.#endedIds) {
      this.#endedIds.delete(oldest);
      break;
    }
  }

  #driverFor(name: string): Driver | null {
    if (name === "auto" || name === "") return this.#drivers[0] ?? null;
    return this.#drivers.find((driver) => driver.name === name) ?? null;
  }
}
