import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Driver, Instance, PodExit, StartResult } from "../../src/origin-agent/drivers/driver.ts";
import { Pod } from "../../src/origin-agent/pod.ts";
import { desiredPod } from "./harness.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A revision may run its requests for five minutes, and so long is the grace of its pods. */
const { podId, revisionUid, template } = desiredPod("pod-1", { timeoutSec: 300 });

describe("an agent that stops gives a pod that ignores SIGTERM no more than the agent's own grace", () => {
  it("when the pod was asked to stop long before", async () => {
    const { pod, instance } = await runningPod();
    pod.retire(null);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(instance.signals).toEqual(["SIGTERM"]);
    await expectEndAfter(5_000, pod, instance);
    expect(instance.signals).toEqual(["SIGTERM", "SIGKILL"]);
  });

  it("when the pod still drains", async () => {
    const { pod, instance } = await runningPod();
    const entry = { isProxied: false, run: () => {}, evict: () => {} };
    expect(pod.proxy.admit(entry, performance.now())).toBeNull();
    pod.retire(null);
    expect(instance.signals).toEqual([]);
    await expectEndAfter(5_000, pod, instance);
  });

  it("when the pod is still being made", async () => {
    const instance = new StubbornInstance();
    const made = Promise.withResolvers<StartResult>();
    const pod = newPod();
    void pod.start(driverOf(made.promise), performance.now());
    const ended = pod.stopNow(5_000);
    made.resolve({ kind: "started", instance });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(instance.signals).toEqual(["SIGTERM", "SIGKILL"]);
    await ended;
  });

  it("when the pod was found with its stop already requested", async () => {
    const instance = new StubbornInstance();
    const pod = newPod();
    void pod.adopt(instance, true);
    expect(instance.signals).toEqual(["SIGTERM"]);
    await expectEndAfter(5_000, pod, instance);
  });

  it("and never more than was left of the pod's own", async () => {
    const { pod, instance } = await runningPod();
    pod.retire(null);
    await vi.advanceTimersByTimeAsync(299_000);
    await expectEndAfter(1_000, pod, instance);
  });
});

it("a pod found with its stop requested is asked again, and killed at the end of its grace", async () => {
  const instance = new StubbornInstance();
  const pod = newPod();
  void pod.adopt(instance, true);
  await vi.advanceTimersByTimeAsync(299_999);
  expect([pod.phase, instance.signals]).toEqual(["draining", ["SIGTERM"]]);
  await vi.advanceTimersByTimeAsync(1);
  expect([pod.phase, instance.signals]).toEqual(["stopped", ["SIGTERM", "SIGKILL"]]);
});

async function expectEndAfter(graceMs: number, pod: Pod, instance: StubbornInstance): Promise<void> {
  const ended = pod.stopNow(5_000);
  await vi.advanceTimersByTimeAsync(graceMs - 1);
  expect(instance.signals).not.toContain("SIGKILL");
  await vi.advanceTimersByTimeAsync(1);
  expect(instance.signals).toContain("SIGKILL");
  await ended;
  expect(pod.phase).toBe("stopped");
}

/** Ends by SIGKILL only. */
class StubbornInstance implements Instance {
  readonly hosts = ["127.0.0.1"];
  readonly port = 1;
  readonly signals: string[] = [];
  readonly #exit = Promise.withResolvers<PodExit>();
  readonly exited = this.#exit.promise;

  requestStop(): void {
    this.signals.push("SIGTERM");
  }
  kill(): void {
    this.signals.push("SIGKILL");
    this.#exit.resolve({ exitCode: 137, signal: "SIGKILL" });
  }
  logTail(): string {
    return "";
  }
  forget(): void {}
}

function newPod(): Pod {
  return new Pod({ podId, revisionUid, controlPlaneId: "c", template }, pino({ level: "silent" }), () => {});
}

function driverOf(result: Promise<StartResult>): Driver {
  return { name: "process", start: () => result, find: async () => [], close: async () => {} };
}

/** Its proxy is open, as after a probe that passed. */
async function runningPod(): Promise<{ pod: Pod; instance: StubbornInstance }> {
  const instance = new StubbornInstance();
  const pod = newPod();
  void pod.start(driverOf(Promise.resolve({ kind: "started", instance })), performance.now());
  await vi.advanceTimersByTimeAsync(0);
  pod.proxy.open("127.0.0.1", instance.port);
  return { pod, instance };
}
