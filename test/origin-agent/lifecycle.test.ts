import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { call, desiredPod, type Harness, retiring, startHarness, startPod } from "./harness.ts";

let harness: Harness;

beforeEach(async () => {
  harness = await startHarness();
});
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
});

describe("the link", () => {
  it("introduces itself with its credential and what it can do", () => {
    const { edge, agent } = harness;
    expect(edge.requests[0]?.url).toBe("/rouse/v1/agents/agent-1/link");
    expect(edge.requests[0]?.headers.authorization).toBe("Bearer the-credential");
    expect(edge.hellos[0]).toMatchObject({
      agentUid: "agent-1",
      drivers: ["process"],
      dataUrl: agent.dataUrl,
      controlPlaneId: null,
      capacity: { pods: 10 },
      pods: [],
    });
  });

  it("comes back after a drop, with the same boot id and all its pods", async () => {
    const { edge } = harness;
    await startPod(harness, desiredPod("pod-1"));
    edge.dropLink();
    const hello = await edge.until("a second hello", () => edge.hellos[1]);
    expect(hello.bootId).toBe(edge.hellos[0]?.bootId);
    expect(hello).toMatchObject({ controlPlaneId: "control-plane-1", generation: 1 });
    expect(hello.pods).toMatchObject([{ podId: "pod-1", phase: "ready" }]);
  });
});

describe("a pod", () => {
  it("starts, becomes ready, serves, retires and is forgotten", async () => {
    const { edge, stateDir } = harness;
    const pod = desiredPod("pod-1");
    await startPod(harness, pod);
    const ready = edge.statuses.get("pod-1");
    expect(ready?.startMs).toBeGreaterThan(0);
    expect(ready?.readyMs).toBeGreaterThan(0);
    expect((await call(harness, "pod-1", "/hello")).status).toBe(200);

    edge.desire(retiring(pod));
    // The application has no SIGTERM handler: the signal ends it.
    expect(await edge.untilPhase("pod-1", "stopped")).toMatchObject({ exitCode: 143, signal: "SIGTERM" });
    expect(existsSync(join(stateDir, "pods", "pod-1"))).toBe(true);
    edge.desire();
    await expect.poll(() => existsSync(join(stateDir, "pods", "pod-1"))).toBe(false);
  });

  it("gets Knative's variables and nothing of the agent's secrets", async () => {
    process.env.SECRET_OF_THE_AGENT = "do not tell";
    const env = [
      { name: "GREETING", value: "hello $(K_SERVICE)" },
      { name: "with.dot-and-dash", value: "kept" },
    ];
    await startPod(harness, desiredPod("pod-1", { env }));
    const environment = JSON.parse((await call(harness, "pod-1", "/environment")).body);
    delete process.env.SECRET_OF_THE_AGENT;
    expect(environment).toMatchObject({
      K_SERVICE: "hello",
      K_CONFIGURATION: "hello",
      K_REVISION: "hello-00001",
      GREETING: "hello hello",
      "with.dot-and-dash": "kept",
    });
    expect(Number(environment.PORT)).toBeGreaterThan(20_000);
    expect(Object.keys(environment)).not.toContain("SECRET_OF_THE_AGENT");
  });

  it("that listens only on ::1 is found", async () => {
    await startPod(harness, desiredPod("pod-1", { env: [{ name: "LISTEN_HOST", value: "::1" }] }));
    expect((await call(harness, "pod-1", "/hello")).status).toBe(200);
  });

  it("is ready only when its HTTP probe passes", async () => {
    const readinessProbe = {
      ...desiredPod("").template.readinessProbe,
      handler: { type: "http" as const, path: "/status?code=204", headers: [] },
    };
    await startPod(harness, desiredPod("pod-1", { readinessProbe }));
    expect(harness.edge.statuses.get("pod-1")?.phase).toBe("ready");
  });

  it("that crashes at its start has failed with its code and its last words, and is not started again", async () => {
    const { edge } = harness;
    const script = "console.log('no database'); process.exitCode = 9";
    const pod = desiredPod("pod-1", { command: [process.execPath, "-e", script] });
    edge.desire(pod);
    const status = await edge.untilPhase("pod-1", "failed");
    expect(status).toMatchObject({ reason: "ExitCode", exitCode: 9 });
    expect(status.message).toBe("exited with code 9: no database");
    edge.desire();
    edge.desire(pod);
    expect(await edge.untilPhase("pod-1", "stopped")).toMatchObject({ startMs: 0 });
  });

  it("that dies while it serves has failed", async () => {
    const { edge } = harness;
    await startPod(harness, desiredPod("pod-1"));
    const answer = await call(harness, "pod-1", "/exit", { method: "POST" });
    expect(answer.status).toBe(502);
    expect(answer.headers["x-rouse-refused"]).toBeUndefined();
    const status = await edge.untilPhase("pod-1", "failed");
    expect(status).toMatchObject({ reason: "ExitCode", exitCode: 3 });
    expect(status.message).toContain("leaving on request");
    expect((await call(harness, "pod-1", "/")).headers["x-rouse-refused"]).toBe("unreachable");
  });

  it.each([
    ["HEAD", ""],
    ["GET", "the application closed the connection before it answered\n"],
    ["POST", "the application closed the connection before it answered\n"],
  ])(
    "that dies of a %s request is answered for without its address, in a way that no cache keeps",
    async (method, body) => {
      await startPod(harness, desiredPod("pod-1"));
      const answer = await call(harness, "pod-1", "/exit", { method });
      expect([answer.status, answer.body]).toEqual([502, body]);
      expect(answer.headers).toMatchObject({
        "cache-control": "no-store",
        "x-rouse-error": "POD_UNREACHABLE",
        "x-rouse-pod": "pod-1",
      });
      await harness.edge.untilPhase("pod-1", "failed");
    },
  );

  it.each([
    ["no command", { command: [] }, "CommandMissing", "containers[0].command"],
    [
      "an unknown command",
      { command: ["no-such-program"] },
      "CommandNotFound",
      '"no-such-program" was not found in PATH',
    ],
    ["a command that is not executable", { command: ["/etc/passwd"] }, "CommandNotFound", "x permission"],
    ["a missing folder", { workingDir: "/no/such/dir" }, "WorkingDirNotFound", 'workingDir: "/no/such/dir"'],
    ["a driver that is not enabled", { driver: "docker" }, "DriverUnavailable", "enabled: process"],
  ])("with %s fails at once and says why", async (_, template, reason, text) => {
    const { edge } = harness;
    edge.desire(desiredPod("pod-1", template));
    const status = await edge.untilPhase("pod-1", "failed");
    expect(status.reason).toBe(reason);
    expect(status.message).toContain(text);
  });

  it("that does not listen says so after a while, until it does", async () => {
    const { edge, stateDir } = harness;
    const path = JSON.stringify(join(stateDir, "listen"));
    const script = `
      const timer = setInterval(() => {
        if (!require("fs").existsSync(${path})) return;
        clearInterval(timer);
        require("http").createServer().listen(process.env.PORT);
      }, 20)`;
    edge.desire(desiredPod("pod-1", { command: [process.execPath, "-e", script] }));
    const waiting = await edge.until("the reason", () => edge.statuses.get("pod-1"));
    expect(waiting).toMatchObject({ phase: "starting" });
    expect(waiting.startMs).toBeGreaterThan(0);
    expect(waiting.message).toMatch(
      /^the process runs, but is not ready yet: nothing listens on 127\.0\.0\.1:\$PORT \(\d+\)$/,
    );
    writeFileSync(join(stateDir, "listen"), "");
    expect(await edge.untilPhase("pod-1", "ready")).not.toHaveProperty("message");
  });

  it("that never listens fails at its progress deadline and is ended", async () => {
    const { edge } = harness;
    const script = "console.log(process.pid); setInterval(() => {}, 1000)";
    edge.desire(desiredPod("pod-1", { command: [process.execPath, "-e", script], progressDeadlineSec: 1 }));
    const status = await edge.untilPhase("pod-1", "failed");
    expect(status.reason).toBe("ProgressDeadlineExceeded");
    expect(status.message).toMatch(/^not ready within 1 s: nothing listens on 127\.0\.0\.1:\$PORT \(\d+\)\nlast lines/);
    await edge.until("its end", () => edge.statuses.get("pod-1")?.signal === "SIGTERM");
  });

  it("that is gone from the desired state is stopped like a retiring one", async () => {
    const { edge } = harness;
    await startPod(harness, desiredPod("pod-1"));
    edge.desire();
    await edge.untilPhase("pod-1", "stopped");
  });

  it("that must retire but never was here is reported as stopped", async () => {
    const { edge } = harness;
    edge.desire(retiring(desiredPod("pod-1")));
    await edge.untilPhase("pod-1", "stopped");
  });

  it("is killed at the end of its grace if it ignores SIGTERM", async () => {
    const { edge } = harness;
    const script = "process.on('SIGTERM', () => {}); require('http').createServer().listen(process.env.PORT)";
    const pod = desiredPod("pod-1", { command: [process.execPath, "-e", script], timeoutSec: 1 });
    await startPod(harness, pod);
    edge.desire(retiring(pod));
    expect(await edge.untilPhase("pod-1", "stopped")).toMatchObject({ signal: "SIGKILL" });
  });
});

describe("the desired state", () => {
  it("of a lower generation is dropped", async () => {
    const { edge } = harness;
    edge.generation = 5;
    const pod = desiredPod("pod-1");
    await startPod(harness, pod);
    edge.send({ type: "desired", controlPlaneId: edge.controlPlaneId, generation: 5, pods: [desiredPod("pod-2")] });
    edge.desire(pod, desiredPod("pod-3"));
    await edge.untilPhase("pod-3", "ready");
    expect(edge.statuses.get("pod-1")?.phase).toBe("ready");
    expect(edge.statuses.has("pod-2")).toBe(false);
  });

  it("of another control plane stops nothing of the one before", async () => {
    const { edge, stateDir } = harness;
    await startPod(harness, desiredPod("pod-1"));
    edge.controlPlaneId = "control-plane-2";
    await startPod(harness, desiredPod("pod-2"));
    expect(edge.statuses.get("pod-1")?.phase).toBe("ready");
    expect((await call(harness, "pod-1", "/hello")).status).toBe(200);
    expect(JSON.parse(readFileSync(join(stateDir, "agent.json"), "utf8")).controlPlaneId).toBe("control-plane-2");
  });
});
