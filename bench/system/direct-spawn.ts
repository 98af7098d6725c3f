/** What a cold start costs without Rouse: spawn the command, try its port every millisecond, GET. */
import { type ChildProcess, spawn } from "node:child_process";
import { connect } from "node:net";
import { delimiter, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CliError } from "../../src/cli/cli-error.ts";
import { PACKAGE_ROOT } from "../../src/cli/package-root.ts";
import { freePort } from "../../src/cli/up/ports.ts";
import { getOnce } from "./http-exchange.ts";

const PROBE_PERIOD_MS = 1;
const LISTEN_TIMEOUT_MS = 20_000;

export type DirectProcess = { readonly port: number; readonly pid: number; stop(): void };

/** @returns milliseconds from the spawn to the first byte of the answer */
export async function firstByteOfDirectSpawn(command: readonly string[]): Promise<number> {
  const port = await freePort("127.0.0.1");
  const startedAtMs = performance.now();
  const direct = spawnOn(command, port);
  try {
    await listening(port, startedAtMs);
    const { firstByteAtMs } = await getOnce(port, "127.0.0.1", LISTEN_TIMEOUT_MS);
    return firstByteAtMs - startedAtMs;
  } finally {
    direct.kill("SIGKILL");
  }
}

/** The command on a port of its own, listening. */
export async function startDirect(command: readonly string[]): Promise<DirectProcess> {
  const port = await freePort("127.0.0.1");
  const child = spawnOn(command, port);
  await listening(port, performance.now());
  return { port, pid: child.pid ?? 0, stop: () => child.kill("SIGKILL") };
}

function spawnOn([program = "", ...args]: readonly string[], port: number): ChildProcess {
  // As the agent of `rouse up` finds programs: `node` is the same binary there and here.
  const PATH = [join(PACKAGE_ROOT, "node_modules/.bin"), process.env.PATH].join(delimiter);
  const env = { ...process.env, PATH, PORT: String(port) };
  return spawn(program, args, { cwd: PACKAGE_ROOT, env, stdio: "ignore" });
}

async function listening(port: number, startedAtMs: number): Promise<void> {
  for (let attempt = 1; !(await canConnect(port)); attempt += 1) {
    if (performance.now() - startedAtMs > LISTEN_TIMEOUT_MS) throw new CliError(`nothing listens on port ${port}`);
    const nextAtMs = startedAtMs + attempt * PROBE_PERIOD_MS;
    await delay(Math.max(0, nextAtMs - performance.now()));
  }
}

function canConnect(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ port, host: "127.0.0.1" });
  socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
  return promise.finally(() => socket.destroy());
}
