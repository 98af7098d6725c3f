/** `rouse agent` as a process of its own, joined to a running edge the way a person joins a machine. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../../../src/cli/package-root.ts";
import { familyOf, survivors } from "./processes.ts";
import type { Rouse } from "./rouse.ts";
import { until } from "./until.ts";

export type RemoteAgent = {
  /** SIGTERM; then asserts that its pods are gone too. Idempotent. */
  stop(): Promise<void>;
};

export async function joinAgent(rouse: Rouse, name: string, stateDir: string): Promise<RemoteAgent> {
  const { token } = (await rouse.api("/rouse/v1/join-tokens", "POST")).body as { token: string };
  const flags = ["--edge", `http://127.0.0.1:${rouse.port}`, "--token", token, "--name", name, "--state", stateDir];
  const child = spawn(
    process.execPath,
    [
      join(PACKAGE_ROOT, "bin/rouse.js"),
      "agent",
      ...flags,
      "--drivers",
      "process",
      "--data-port",
      "0",
      "--metrics-port",
      "0",
    ],
    { cwd: PACKAGE_ROOT, stdio: ["ignore", "pipe", "pipe"] },
  );
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += String(chunk);
  });
  child.stderr.on("data", (chunk: Buffer) => {
    output += String(chunk);
  });
  const exited = once(child, "exit");
  await until(
    `agent ${name} connected`,
    async () => {
      if (child.exitCode !== null) throw new Error(`the agent ended with ${child.exitCode}:\n${output}`);
      const { items } = (await rouse.api("/rouse/v1/agents")).body as { items: { name: string; connection: string }[] };
      return items.some((agent) => agent.name === name && agent.connection === "Connected") ? true : null;
    },
    { timeoutMs: 15_000 },
  );
  return {
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const family = familyOf(child.pid ?? -1);
      child.kill("SIGTERM");
      await exited;
      await until(`the end of agent ${name}`, () => (survivors(family).length === 0 ? true : null), {
        timeoutMs: 10_000,
      });
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}
