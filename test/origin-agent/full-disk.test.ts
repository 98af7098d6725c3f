/** A folder where a file must be written stands for a disk that takes no more: it fails for root as well. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { call, desiredPod, type Harness, retiring, startHarness, startPod } from "./harness.ts";

let harness: Harness;
let podFolder: string;

beforeEach(async () => {
  harness = await startHarness();
  podFolder = join(harness.stateDir, "pods", "pod-1");
});
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
});

describe("a disk that takes no more records", () => {
  it("does not keep a pod from being stopped", async () => {
    const { edge } = harness;
    const pod = desiredPod("pod-1");
    await startPod(harness, pod);
    mkdirSync(join(podFolder, "pod.json.tmp"));
    edge.desire(retiring(pod));
    expect(await edge.untilPhase("pod-1", "stopped")).toMatchObject({ signal: "SIGTERM" });
  });

  it("does not keep the agent from following the edge", async () => {
    const { edge, stateDir } = harness;
    mkdirSync(join(stateDir, "agent.json.tmp"));
    await startPod(harness, desiredPod("pod-1"));
    expect((await call(harness, "pod-1", "/hello")).status).toBe(200);
    edge.dropLink();
    expect(await edge.until("a second hello", () => edge.hellos[1])).toMatchObject({ generation: 1 });
  });
});

describe("a pod that the disk has no room for", () => {
  it.each([
    ["its folder", () => writeFileSync(podFolder, ""), "EEXIST"],
    ["its log", () => mkdirSync(join(podFolder, "log"), { recursive: true }), "EISDIR"],
    ["its record", () => mkdirSync(join(podFolder, "pod.json.tmp"), { recursive: true }), "EISDIR"],
  ])("has failed with the reason and leaves nothing behind (%s)", async (_, obstruct, reason) => {
    const { edge } = harness;
    obstruct();
    const mark = join(harness.stateDir, "unmistakable");
    edge.desire(desiredPod("pod-1", { command: [process.execPath, "-e", "setInterval(() => {}, 1e6)", mark] }));
    const status = await edge.untilPhase("pod-1", "failed");
    expect(status).toMatchObject({ reason: "DriverUnavailable", message: expect.stringContaining(reason) });
    await expect.poll(() => commandLinesWith(mark)).toEqual([]);
  });

  it("gives its port back", async () => {
    const { edge } = harness;
    // More of them than the agent has ports.
    const pods = Array.from({ length: 505 }, (_, index) => desiredPod(`pod-${index}`));
    for (const { podId } of pods) writeFileSync(join(harness.stateDir, "pods", podId), "");
    edge.desire(...pods);
    for (const { podId } of pods) await edge.untilPhase(podId, "failed");
    for (const { podId } of pods) rmSync(join(harness.stateDir, "pods", podId), { force: true });
    await startPod(harness, desiredPod("last"));
  });
});

function commandLinesWith(text: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ");
      } catch {
        return ""; // It ended meanwhile.
      }
    })
    .filter((line) => line.includes(text));
}
