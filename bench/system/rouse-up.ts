/** The product as a user starts it: `rouse up` as a child process. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ApiClient } from "../../src/cli/api/api-client.ts";
import { CliError } from "../../src/cli/cli-error.ts";
import { PACKAGE_ROOT } from "../../src/cli/package-root.ts";
import { ADMIN_TOKEN_FILE } from "../../src/cli/secrets.ts";
import { freePort } from "../../src/cli/up/ports.ts";

export type RouseUp = {
  readonly port: number;
  readonly client: ApiClient;
  /** Process ids by role; `parent` is src/cli/main.ts, `supervisor` is bin/rouse.js. */
  readonly processes: Readonly<Record<"workerd" | "agent" | "parent" | "supervisor", number>>;
  stop(): Promise<void>;
};

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 15_000;

export async function startRouseUp(stateDir: string): Promise<RouseUp> {
  const port = await freePort("127.0.0.1");
  const flags = ["--port", String(port), "--data-port", "0", "--metrics-port", "0", "--state", stateDir];
  const child = spawn(
    process.execPath,
    [join(PACKAGE_ROOT, "bin/rouse.js"), "up", ...flags, "--no-examples", "--no-open"],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const ready = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (line.startsWith("Ready")) ready.resolve();
  });
  child.once("error", ready.reject);
  child.once("exit", (code) => ready.reject(new CliError(`rouse up ended with exit code ${code} before it was ready`)));
  const timer = setTimeout(
    () => ready.reject(new CliError(`rouse up is not ready after ${START_TIMEOUT_MS / 1_000} s`)),
    START_TIMEOUT_MS,
  );
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGINT");
    const killer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(killer);
  };
  try {
    await ready.promise;
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(timer);
  }
  const token = readFileSync(join(stateDir, ADMIN_TOKEN_FILE), "utf8").trim();
  return {
    port,
    client: new ApiClient(`http://127.0.0.1:${port}`, token),
    processes: { ...processesOf(stateDir), supervisor: child.pid ?? 0 },
    stop,
  };
}

function processesOf(stateDir: string): Omit<RouseUp["processes"], "supervisor"> {
  const { main, children } = JSON.parse(readFileSync(join(stateDir, "run.json"), "utf8")) as {
    main: { pid: number };
    children: { role: string; pid: number }[];
  };
  const pidOf = (role: string) => children.find((child) => child.role === role)?.pid ?? 0;
  return { workerd: pidOf("workerd"), agent: pidOf("agent"), parent: main.pid };
}
