/** The agent as a process of its own: who dies with whom. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeEdge } from "./fake-edge.ts";
import { desiredPod, retiring } from "./harness.ts";

const MAIN = join(import.meta.dirname, "..", "..", "src", "origin-agent", "main.ts");

let edge: FakeEdge;
let stateDir: string;
const agents: ChildProcess[] = [];

beforeEach(async () => {
  edge = await FakeEdge.listen();
  stateDir = await mkdtemp(join(tmpdir(), "rouse-agent-"));
});
afterEach(async () => {
  for (const agent of agents.splice(0)) agent.kill("SIGTERM");
  for (const pid of podPids()) await expect.poll(() => isAlive(pid)).toBe(false);
  await edge.close();
  await rm(stateDir, { recursive: true, force: true });
});

describe("an agent process", () => {
  it("tells its parent when it listens and when the edge welcomed it", async () => {
    const agent = startAgent();
    const events = await lines(agent, 2);
    expect(events[0]).toMatchObject({
      event: "listening",
      dataUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    });
    expect(events[1]).toEqual({ event: "connected" });
  });

  it("that is killed ends no pod; the next one adopts them", async () => {
    const first = startAgent();
    edge.desire();
    await edge.until("hello", () => edge.hellos[0]);
    const pod = desiredPod("pod-1");
    edge.desire(pod);
    await edge.untilPhase("pod-1", "ready");
    const [pid = 0] = podPids();
    first.kill("SIGKILL");
    await exitOf(first);
    expect(isAlive(pid)).toBe(true);

    edge.statuses.clear();
    startAgent();
    const hello = await edge.until("a second hello", () => edge.hellos[1]);
    expect(hello).toMatchObject({ controlPlaneId: "control-plane-1", pods: [{ podId: "pod-1" }] });
    expect(hello.bootId).not.toBe(edge.hellos[0]?.bootId);
    await edge.untilPhase("pod-1", "ready");
    expect(podPids()).toEqual([pid]);
    edge.desire(retiring(pod));
    expect(await edge.untilPhase("pod-1", "stopped")).toMatchObject({ exitCode: 143 });
    expect(isAlive(pid)).toBe(false);
  });

  it("learns how a pod ended while there was no agent", async () => {
    const first = startAgent();
    await edge.until("hello", () => edge.hellos[0]);
    edge.desire(desiredPod("pod-1"));
    await edge.untilPhase("pod-1", "ready");
    first.kill("SIGKILL");
    await exitOf(first);
    const { port, process: shim } = podRecord("pod-1");
    await fetch(`http://127.0.0.1:${port}/exit`).catch(() => null);
    await expect.poll(() => isAlive(shim.pid)).toBe(false);

    edge.statuses.clear();
    startAgent();
    const status = await edge.untilPhase("pod-1", "failed");
    expect(status).toMatchObject({ reason: "ExitCode", exitCode: 3 });
    expect(status.message).toContain("leaving on request");
  });

  it.each([
    ["its stdin ends", (agent: ChildProcess) => agent.stdin?.end()],
    ["it gets SIGTERM", (agent: ChildProcess) => agent.kill("SIGTERM")],
    ["it gets SIGINT", (agent: ChildProcess) => agent.kill("SIGINT")],
  ])("stops its pods and itself when %s", async (_, end) => {
    const agent = startAgent();
    await edge.until("hello", () => edge.hellos[0]);
    edge.desire(desiredPod("pod-1"), desiredPod("pod-2"));
    await edge.untilPhase("pod-1", "ready");
    await edge.untilPhase("pod-2", "ready");
    const pids = podPids();
    expect(pids).toHaveLength(2);
    end(agent);
    expect(await exitOf(agent)).toBe(0);
    expect(pids.map(isAlive)).toEqual([false, false]);
  });

  it("takes along the pods that were to stop already and ignore SIGTERM, its own and adopted ones", async () => {
    const script = `process.on("SIGTERM", () => console.log("no")); require("http").createServer().listen(process.env.PORT)`;
    const stubborn = (podId: string) =>
      desiredPod(podId, { command: [process.execPath, "-e", script], timeoutSec: 300 });
    const refusals = (podId: string) =>
      readFileSync(join(stateDir, "pods", podId, "log"), "utf8").split("no").length - 1;
    const first = startAgent();
    await edge.until("hello", () => edge.hellos[0]);
    edge.desire(stubborn("pod-1"));
    await edge.untilPhase("pod-1", "ready");
    edge.desire(retiring(stubborn("pod-1")));
    await expect.poll(() => refusals("pod-1"), { timeout: 5_000 }).toBe(1);
    first.kill("SIGKILL");
    await exitOf(first);

    const agent = startAgent();
    await edge.until("a second hello", () => edge.hellos[1]);
    await expect.poll(() => refusals("pod-1"), { timeout: 5_000 }).toBe(2);
    edge.desire(retiring(stubborn("pod-1")), stubborn("pod-2"));
    await edge.untilPhase("pod-2", "ready");
    edge.desire(retiring(stubborn("pod-1")), retiring(stubborn("pod-2")));
    await expect.poll(() => refusals("pod-2"), { timeout: 5_000 }).toBe(1);
    const pids = podPids();
    expect(pids.map(isAlive)).toEqual([true, true]);
    const stopAtMs = performance.now();
    agent.stdin?.end();
    expect(await exitOf(agent)).toBe(0);
    // `rouse up` kills an agent that takes longer than 8 s, and with it the last one who knows its pods.
    expect(performance.now() - stopAtMs).toBeLessThan(7_000);
    expect(pids.map(isAlive)).toEqual([false, false]);
  }, 20_000);

  it("stops its pods and itself when its parent is killed and nobody reads its pipes", async () => {
    const script = `const agent = require("child_process").spawn(process.execPath, ${JSON.stringify(agentArguments())},
      { detached: true, stdio: ["pipe", "pipe", "pipe"] }); console.log(agent.pid);`;
    const env = { ...process.env, ROUSE_AGENT_CREDENTIAL: "the-credential", ROUSE_LOG_LEVEL: "info" };
    const parent = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"], env });
    const [agentPid = 0] = (await lines(parent, 1)) as number[];
    await edge.until("hello", () => edge.hellos[0]);
    edge.desire(desiredPod("pod-1"));
    await edge.untilPhase("pod-1", "ready");
    const [pid = 0] = podPids();
    parent.kill("SIGKILL");
    await expect.poll(() => [isAlive(agentPid), isAlive(pid)], { timeout: 5_000 }).toEqual([false, false]);
  });

  it("does not hand its credential to anybody", async () => {
    startAgent();
    await edge.until("hello", () => edge.hellos[0]);
    const script = "console.log(JSON.stringify(process.env)); process.exitCode = 1";
    edge.desire(desiredPod("pod-1", { command: [process.execPath, "-e", script] }));
    const { message } = await edge.untilPhase("pod-1", "failed");
    expect(message).toContain("K_SERVICE");
    expect(message).not.toContain("the-credential");
  });

  it("outlives a stderr that takes nothing any more", async () => {
    const full = openSync("/dev/full", "w");
    const agent = startAgent({ stderr: full, logLevel: "info" });
    closeSync(full);
    await edge.until("hello", () => edge.hellos[0]);
    edge.desire(desiredPod("pod-1"));
    await edge.untilPhase("pod-1", "ready");
    agent.kill("SIGTERM");
    expect(await exitOf(agent)).toBe(0);
  });

  it("will not share its state folder with another one", async () => {
    startAgent();
    await edge.until("hello", () => edge.hellos[0]);
    const second = startAgent();
    let errors = "";
    second.stderr?.on("data", (chunk) => {
      errors += chunk;
    });
    expect(await exitOf(second)).toBe(1);
    expect(errors).toContain("is in use by the agent with pid");
  });

  it("exits with an error when the edge does not speak its version, and leaves its pods", async () => {
    const agent = startAgent();
    await edge.until("hello", () => edge.hellos[0]);
    edge.desire(desiredPod("pod-1"));
    await edge.untilPhase("pod-1", "ready");
    edge.refuse = { type: "refuse", reason: "version", message: "speak version 2" };
    edge.dropLink();
    expect(await exitOf(agent)).toBe(1);
    const pids = podPids();
    expect(pids.map(isAlive)).toEqual([true]);
    edge.refuse = null;
    const next = startAgent();
    await edge.until("a welcome", () => edge.hellos[2]);
    next.stdin?.end();
    await exitOf(next);
  });
});

function agentArguments(): string[] {
  const flags = ["--data-port", "0", "--metrics-port", "0", "--stop-with-stdin", "--agent-uid", "agent-1"];
  return [MAIN, "--edge", edge.url, "--state", stateDir, ...flags];
}

function startAgent({ stderr = "pipe" as "pipe" | number, logLevel = "warn" } = {}): ChildProcess {
  const agent = spawn(process.execPath, agentArguments(), {
    env: { ...process.env, ROUSE_AGENT_CREDENTIAL: "the-credential", ROUSE_LOG_LEVEL: logLevel },
    stdio: ["pipe", "pipe", stderr],
  });
  agents.push(agent);
  return agent;
}

async function lines(agent: ChildProcess, count: number): Promise<unknown[]> {
  let text = "";
  return await new Promise((resolve) => {
    agent.stdout?.on("data", (chunk) => {
      text += chunk;
      const complete = text.split("\n").slice(0, -1);
      if (complete.length >= count) resolve(complete.map((line) => JSON.parse(line)));
    });
  });
}

function exitOf(agent: ChildProcess): Promise<number | null> {
  if (agent.exitCode !== null || agent.signalCode !== null) return Promise.resolve(agent.exitCode);
  return new Promise((resolve) => agent.once("exit", (code) => resolve(code)));
}

function podRecord(podId: string): { port: number; process: { pid: number } } {
  return JSON.parse(readFileSync(join(stateDir, "pods", podId, "pod.json"), "utf8"));
}

/** Pids of the shims that are on record. */
function podPids(): number[] {
  return ["pod-1", "pod-2"].flatMap((podId) => {
    try {
      return [podRecord(podId).process.pid];
    } catch {
      return [];
    }
  });
}

function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}
