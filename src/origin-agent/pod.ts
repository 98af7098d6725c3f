/**
 * The life of one pod on this machine.
 *
 *     starting ──probe passed──▶ ready ──retire──▶ draining ──nothing in flight──▶ SIGTERM ──▶ stopped
 *        │                         │                  └──── drain limit ───────────┘  └─ grace ─▶ SIGKILL
 *        └── did not start, ended, or not ready in time ──▶ failed
 *
 * A pod is started once. Whether another one takes its place is the edge's decision.
 */
import type { Logger } from "pino";
import type { PodFailureReason, PodPhase, PodStatus } from "../core/protocol/pod.ts";
import type { Driver, Instance, PodExit, StartOrder } from "./drivers/driver.ts";
import { deadlineMessage, exitMessage, unreadyMessage } from "./pod-message.ts";
import { probeUntilReady } from "./prober.ts";
import { PodProxy } from "./queue-proxy/pod-proxy.ts";

/** From SIGTERM to SIGKILL: the revision's timeout, as in Knative, but never less than this. */
export const MIN_TERMINATION_GRACE_MS = 5_000;
const MESSAGE_LOG_LINES = 20;

export class Pod {
  readonly order: StartOrder;
  readonly proxy: PodProxy;
  /** Settles when nothing of the pod runs (any more). */
  readonly ended: Promise<void>;
  readonly #log: Logger;
  readonly #onChange: (pod: Pod) => void;
  readonly #probing = new AbortController();
  #resolveEnded: () => void = () => {};
  #instance: Instance | null = null;
  #phase: PodPhase = "starting";
  #failure: { readonly reason: PodFailureReason; readonly message: string } | null = null;
  /** What the probes of a starting pod meet, when that is worth telling. */
  #unready: string | null = null;
  #exit: PodExit = {};
  #startMs = 0;
  #readyMs = 0;
  #runningSinceMs = 0;
  #isRetiring = false;
  #isTerminating = false;
  #hasEnded = false;
  #drainTimer: NodeJS.Timeout | null = null;
  #graceTimer: NodeJS.Timeout | null = null;
  /** On the clock of performance.now(). */
  #killAtMs = Number.POSITIVE_INFINITY;
  /** What whoever stops the agent waits for, when somebody does. */
  #graceLimitMs = Number.POSITIVE_INFINITY;

  constructor(order: StartOrder, log: Logger, onChange: (pod: Pod) => void) {
    this.order = order;
    this.#log = log.child({ pod: order.podId, revision: `${order.template.namespace}/${order.template.revision}` });
    this.#onChange = onChange;
    this.proxy = new PodProxy(order.podId, order.revisionUid, order.template);
    this.proxy.onIdle = () => this.#terminate(this.#graceMs());
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
  }

  get phase(): PodPhase {
    return this.#phase;
  }

  /** Nothing will change any more. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** @param wishedAtMs when the wish for the pod arrived, on the clock of performance.now() */
  async start(driver: Driver, wishedAtMs: number): Promise<void> {
    const result = await driver.start(this.order);
    if (result.kind === "failed") {
      this.fail(result.reason, result.message);
      return;
    }
    this.#startMs = performance.now() - wishedAtMs;
    await this.#run(result.instance);
  }

  /** The pod outlived an agent. */
  async adopt(instance: Instance, isStopRequested: boolean): Promise<void> {
    this.#isTerminating = isStopRequested;
    if (isStopRequested) this.#phase = "draining";
    await this.#run(instance);
  }

  /** It was not on this machine when its end was asked for. */
  neverRan(): void {
    this.#finish("stopped");
  }

  /** It could not be started. */
  fail(reason: PodFailureReason, message: string): void {
    this.#failure = { reason, message };
    this.#finish("failed");
  }

  /** @param drainLimitMs how long what is in flight may go on; null = as long as it takes */
  retire(drainLimitMs: number | null): void {
    if (this.#hasEnded) return;
    if (drainLimitMs !== null && this.#drainTimer === null && !this.#isTerminating) {
      this.#drainTimer = setTimeout(() => this.#terminate(this.#graceMs()), drainLimitMs);
    }
    if (this.#isRetiring) return;
    this.#isRetiring = true;
    this.#probing.abort();
    if (this.#phase !== "failed") this.#enter("draining");
    // Calls back at once when nothing is in flight.
    this.proxy.drain();
  }

  /**
   * Without regard to what is in flight: the agent itself stops. A grace that runs already is cut short, since the pod
   * would outlive the only one who is going to kill it.
   */
  async stopNow(graceMs: number): Promise<void> {
    this.#isRetiring = true;
    this.#graceLimitMs = graceMs;
    if (this.#isTerminating && this.#instance !== null) this.#killAfter(this.#instance, graceMs);
    else this.#terminate(graceMs);
    await this.ended;
  }

  /** Lets go of timers; the instance lives on for the next agent. */
  leave(): void {
    this.#probing.abort();
    if (this.#drainTimer !== null) clearTimeout(this.#drainTimer);
    if (this.#graceTimer !== null) clearTimeout(this.#graceTimer);
    this.proxy.close();
  }

  /** The edge knows that it ended. */
  forget(): void {
    this.#instance?.forget();
  }

  status(): PodStatus {
    const failure = this.#phase === "failed" ? this.#failure : null;
    return {
      podId: this.order.podId,
      revisionUid: this.order.revisionUid,
      phase: this.#phase,
      ...(failure !== null && { reason: failure.reason, message: failure.message }),
      ...(this.#phase === "starting" && this.#unready !== null && { message: unreadyMessage(this.#unready) }),
      ...this.#exit,
      startMs: tenths(this.#startMs),
      readyMs: tenths(this.#readyMs),
    };
  }

  async #run(instance: Instance): Promise<void> {
    this.#instance = instance;
    this.#runningSinceMs = performance.now();
    void instance.exited.then((exit) => this.#exited(exit));
    if (this.#isRetiring) {
      // Nobody wants it any more, although it just came up.
      this.#terminate(this.#graceMs());
      return;
    }
    if (this.#isTerminating) {
      this.#stopInstance(instance, this.#graceMs());
      return;
    }
    const { readinessProbe, progressDeadlineSec } = this.order.template;
    const { signal } = this.#probing;
    const onUnready = (problem: string) => this.#tellUnready(problem);
    const outcome = await probeUntilReady(instance, readinessProbe, progressDeadlineSec, signal, onUnready);
    if (this.#hasEnded || this.#isTerminating) return;
    if (outcome.kind === "ready") {
      this.#readyMs = performance.now() - this.#runningSinceMs;
      this.proxy.open(outcome.host, instance.port);
      this.#enter("ready");
    } else if (outcome.kind === "failed") {
      const output = instance.logTail(MESSAGE_LOG_LINES);
      const message = deadlineMessage(progressDeadlineSec, outcome.message, output);
      this.#failure = { reason: "ProgressDeadlineExceeded", message };
      this.#enter("failed");
      this.#terminate(MIN_TERMINATION_GRACE_MS);
    }
  }

  #tellUnready(problem: string): void {
    this.#unready = problem;
    this.#log.info({ problem }, "the pod runs, but is not ready yet");
    this.#onChange(this);
  }

  #terminate(graceMs: number): void {
    if (this.#hasEnded || this.#isTerminating) return;
    // It is still being made: #run goes on from here.
    if (this.#instance === null) return;
    this.#isTerminating = true;
    this.#probing.abort();
    this.proxy.drain();
    if (this.#phase !== "failed") this.#enter("draining");
    this.#stopInstance(this.#instance, graceMs);
  }

  #stopInstance(instance: Instance, graceMs: number): void {
    instance.requestStop();
    this.#killAfter(instance, graceMs);
  }

  /** The earliest of several calls counts. */
  #killAfter(instance: Instance, graceMs: number): void {
    const killAtMs = performance.now() + graceMs;
    if (this.#hasEnded || killAtMs >= this.#killAtMs) return;
    this.#killAtMs = killAtMs;
    if (this.#graceTimer !== null) clearTimeout(this.#graceTimer);
    this.#graceTimer = setTimeout(() => {
      this.#log.warn({ graceMs }, "the pod ignored SIGTERM; killing it");
      instance.kill();
    }, graceMs);
  }

  #exited(exit: PodExit): void {
    this.#probing.abort();
    this.#exit = exit;
    if (!this.#isTerminating && this.#failure === null) {
      const output = this.#instance?.logTail(MESSAGE_LOG_LINES) ?? "";
      this.#failure = { reason: "ExitCode", message: exitMessage(exit, output) };
    }
    this.#finish(this.#failure === null ? "stopped" : "failed");
  }

  #finish(phase: "stopped" | "failed"): void {
    if (this.#drainTimer !== null) clearTimeout(this.#drainTimer);
    if (this.#graceTimer !== null) clearTimeout(this.#graceTimer);
    this.#hasEnded = true;
    this.proxy.close();
    this.#enter(phase);
    this.#resolveEnded();
  }

  #enter(phase: PodPhase): void {
    this.#phase = phase;
    const detail = { phase, ...this.#exit, ...this.#failure };
    if (phase === "failed") this.#log.warn(detail, "pod failed");
    else this.#log.info(detail, `pod is ${phase}`);
    this.#onChange(this);
  }

  #graceMs(): number {
    const ownMs = Math.max(MIN_TERMINATION_GRACE_MS, this.order.template.timeoutSec * 1_000);
    return Math.min(ownMs, this.#graceLimitMs);
  }
}

/** Milliseconds as people read them in Server-Timing. */
function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}
