import { release } from "node:os";
import { afterEach, expect, it } from "vitest";
import { parseAgentFrame } from "../../src/core/protocol/agent-link.ts";
import { call, desiredPod, type Harness, startHarness, startPod } from "./harness.ts";

let harness: Harness;

afterEach(async () => {
  await harness[Symbol.asyncDispose]();
});

it("tells what machine it is on, in a hello that the edge understands", async () => {
  harness = await startHarness();
  const [hello] = harness.edge.hellos;
  expect(hello?.system).toMatchObject({ operatingSystem: process.platform, kernelVersion: release() });
  expect(hello?.system?.machineId).toBe(hello?.machineId);
  expect(parseAgentFrame(JSON.stringify(hello))).toEqual(hello);
});

it("judges grants by the edge's clock when its own is wrong", async () => {
  harness = await startHarness();
  const { edge } = harness;
  edge.skewMs = 3_600_000;
  edge.dropLink();
  await edge.until("a second hello", () => edge.hellos[1]);
  await startPod(harness, desiredPod("pod-1"));
  expect((await call(harness, "pod-1", "/")).status).toBe(200);
  const expired = edge.grant("pod-1", -3_000);
  expect((await call(harness, "pod-1", "/", { grant: expired })).body).toBe("the grant has expired\n");
});

it("dates its measurements by the edge's clock when its own is wrong", async () => {
  harness = await startHarness();
  const { edge } = harness;
  edge.skewMs = -3_600_000;
  edge.dropLink();
  await edge.until("a second hello", () => edge.hellos[1]);
  const sinceMs = Date.now() + edge.skewMs;
  await startPod(harness, desiredPod("pod-1"));
  const measuredAtMs = await edge.until("stats", () => edge.stats.has("pod-1") && edge.measuredAtMs);
  // The way of the welcome through the loopback is all that it may be off.
  expect(measuredAtMs).toBeGreaterThan(sinceMs - 500);
  expect(measuredAtMs).toBeLessThanOrEqual(Date.now() + edge.skewMs);
});

it("reports what changed while it was cut off as soon as it is back", async () => {
  harness = await startHarness();
  const { edge } = harness;
  await startPod(harness, desiredPod("pod-1"));
  edge.statuses.clear();
  edge.dropLink();
  await call(harness, "pod-1", "/exit", { method: "POST" });
  expect(await edge.untilPhase("pod-1", "failed")).toMatchObject({ exitCode: 3 });
});

it("does not come back quickly while another agent lives under its name, and keeps its pods", async () => {
  harness = await startHarness();
  const { edge } = harness;
  await startPod(harness, desiredPod("pod-1"));
  edge.refuse = { type: "refuse", reason: "duplicate", message: "boot id b is connected" };
  edge.dropLink();
  await edge.until("the refused hello", () => edge.hellos[1]);
  // The usual backoff would have tried several times by then.
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect(edge.hellos).toHaveLength(2);
  expect((await call(harness, "pod-1", "/")).status).toBe(200);
});

it("drops a frame that it does not understand and goes on", async () => {
  harness = await startHarness();
  const { edge } = harness;
  edge.send({ type: "from the future" } as never);
  await startPod(harness, desiredPod("pod-1"));
  expect(edge.hellos).toHaveLength(1);
});
