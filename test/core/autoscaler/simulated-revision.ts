/**
 * A revision on a fake clock: pods that need a while to start, queue-proxies and an activator that report each second,
 * an autoscaler that ticks every two. Time moves only by `advance`.
 */
import { deriveScaling } from "../../../src/core/autoscaler/annotations.ts";
import { type Autoscaler, createAutoscaler, type TickResult } from "../../../src/core/autoscaler/autoscaler.ts";
import { TICK_MS } from "../../../src/core/autoscaler/decider.ts";
import type { Reachability } from "../../../src/core/autoscaler/pod-autoscaler.ts";
import type { ScalingSpec } from "../../../src/core/autoscaler/spec.ts";
import { defaultAutoscalerConfig } from "../../../src/core/config/autoscaler-config.ts";

const START_MS = 1_000_000_000_000;

export class SimulatedRevision {
  nowMs = START_MS;
  replicas = 0;
  reachability: Reachability = "Reachable";
  /** Pods that were started later than this ago are not ready; Infinity = never. */
  startsInMs = 2_000;
  autoscaler: Autoscaler;
  last: TickResult;
  readonly spec: ScalingSpec;
  #startedAtMs: number[] = [];

  constructor(annotations: Record<string, string> = {}, containerConcurrency = 0, startsInMs = 2_000) {
    const keys = Object.entries(annotations).map(([key, value]) => [`autoscaling.knative.dev/${key}`, value]);
    this.spec = deriveScaling(Object.fromEntries(keys), containerConcurrency, defaultAutoscalerConfig());
    this.startsInMs = startsInMs;
    this.autoscaler = createAutoscaler(this.spec, 0, this.nowMs);
    this.last = this.tick();
  }

  get readyPods(): number {
    return this.#startedAtMs.filter((startedAtMs) => this.nowMs - startedAtMs >= this.startsInMs).length;
  }

  /** What the activator does when a request finds no pod: one report, one tick, no waiting. */
  request(): TickResult {
    this.autoscaler.record(stat(1, 0), this.nowMs);
    return this.tick();
  }

  /** Lets seconds pass with `load` requests in flight all the while; stops early once `until` holds. */
  advance(seconds: number, load = 0, until: (last: TickResult) => boolean = () => false): void {
    for (let second = 0; second < seconds && !until(this.last); second++) {
      this.nowMs += 1_000;
      const isProxied = this.last.mode === "Proxy";
      if (this.readyPods > 0) this.autoscaler.record(stat(load, isProxied ? load : 0), this.nowMs);
      if (isProxied && load > 0) this.autoscaler.record(stat(load, 0), this.nowMs);
      if ((this.nowMs - START_MS) % TICK_MS === 0) this.tick();
    }
  }

  tick(): TickResult {
    this.last = this.autoscaler.tick({
      readyPods: this.readyPods,
      pendingPods: this.replicas - this.readyPods,
      currentReplicas: this.replicas,
      reachability: this.reachability,
      nowMs: this.nowMs,
    });
    this.replicas = this.last.replicas;
    this.#startedAtMs = this.#startedAtMs.slice(0, this.replicas);
    while (this.#startedAtMs.length < this.replicas) this.#startedAtMs.push(this.nowMs);
    return this.last;
  }

  /** The object is evicted and comes back: only what was persisted survives, as JSON. */
  evict(spec = this.spec): void {
    const persisted = JSON.parse(JSON.stringify(this.autoscaler.persisted()));
    this.autoscaler = createAutoscaler(spec, this.readyPods, this.nowMs, persisted);
  }

  /** Seconds of fake time that `wait` takes. */
  secondsFor(wait: () => void): number {
    const fromMs = this.nowMs;
    wait();
    return (this.nowMs - fromMs) / 1_000;
  }
}

function stat(concurrency: number, proxiedConcurrency: number) {
  return {
    averageConcurrency: concurrency,
    averageProxiedConcurrency: proxiedConcurrency,
    requestCount: concurrency,
    proxiedRequestCount: proxiedConcurrency,
  };
}
