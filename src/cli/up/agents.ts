/**
 * The origin agents of `rouse up`, as processes of their own. Each leads a process group, so that killing workerd's group does
 * not take it along: when we die, it sees its stdin end, stops its pods and then itself. When it dies, it is started
 * again on the same ports and adopts its pods.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { agentCommandLine, CREDENTIAL_VARIABLE } from "../agent-program.ts";
import { CliError } from "../cli-error.ts";
import { PACKAGE_ROOT } from "../package-root.ts";
import { agentCredential, makePrivateDir, readOrCreate } from "../secrets.ts";
import { openLog } from "./log-file.ts";
import { descendantsOf } from "./process-tree.ts";

export type AgentOptions = {
  readonly name: string;
  readonly edgeUrl: string;
  readonly rootKey: string;
  /** Of this agent alone: its uid, and what the agent keeps. */
  readonly stateDir: string;
  readonly logFile: string;
  readonly host: string;
  readonly dataPort: number;
  readonly metricsPort: number;
  readonly drivers: readonly string[];
  readonly onProcess: (pid: number) => void;
  /** Called when it died and is started again, with a sentence for people. */
  readonly onRestart: (message: string) => void;
};

export type LocalAgent = {
  readonly name: string;
  /** Resolves when the link to the edge is open for the first time. Rejects when that did not come about. */
  readonly connected: Promise<void>;
  /** Stops pods and agent in order; kills the agent at the deadline. */
  stop(): Promise<void>;
  /** Ends the agent and its pods now. Pods that it adopted are left for the next start. */
  kill(): void;
};

/**
 * The time of a fork grows with the memory of the forking process, and each cold start forks: a small young generation and
 * a compile cache keep the agent at 84 MB after its start and below 200 MB under load (112 and 300 without).
 */
const LEAN = ["--max-semi-space-size=4"];
const CONNECT_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 8_000;
const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 5_000;
/** One that lived this long starts over with the first backoff. */
const STABLE_AFTER_MS = 10_000;
/** One that never connected and ended this often will not. */
const MAX_FAILED_STARTS = 3;

export function startAgent(options: AgentOptions): LocalAgent {
  makePrivateDir(options.stateDir);
  const uid = readOrCreate(join(options.stateDir, "agent-uid"), randomUUID());
  const settings = { ...options, edge: options.edgeUrl, agentUid: uid, workDir: PACKAGE_ROOT };
  const program = agentCommandLine({ ...settings, drivers: options.drivers.join(",") });
  const command = [...process.execArgv, ...LEAN, ...program, "--stop-with-stdin"];
  const env = agentEnvironment(options, uid);
  const log = openLog(options.logFile);
  const first = Promise.withResolvers<void>();
  const stopping = new AbortController();
  let isConnected = false;
  let child: ChildProcess | null = null;

  const timer = setTimeout(() => first.reject(notConnected(options, "did not connect in time")), CONNECT_TIMEOUT_MS);
  first.promise.then(
    () => clearTimeout(timer),
    () => clearTimeout(timer),
  );

  const runOnce = async (): Promise<string> => {
    const started = spawn(process.execPath, command, { detached: true, stdio: ["pipe", "pipe", "pipe"], env });
    child = started;
    if (started.pid !== undefined) options.onProcess(started.pid);
    started.stdin.on("error", () => {}); // It may end while we close the pipe.
    started.stderr.pipe(log, { end: false });
    createInterface({ input: started.stdout }).on("line", (line) => {
      log.write(`${line}\n`);
      if (eventOf(line) !== "connected") return;
      isConnected = true;
      first.resolve();
    });
    return ending(started);
  };

  const supervise = async (): Promise<void> => {
    let failures = 0;
    while (!stopping.signal.aborted) {
      const startMs = Date.now();
      const how = await runOnce();
      if (stopping.signal.aborted) return;
      failures = Date.now() - startMs > STABLE_AFTER_MS ? 1 : failures + 1;
      if (!isConnected && failures >= MAX_FAILED_STARTS) return first.reject(notConnected(options, how));
      options.onRestart(`agent ${options.name} ${how}; starting it again`);
      const backoffMs = Math.min(FIRST_BACKOFF_MS * 2 ** (failures - 1), MAX_BACKOFF_MS);
      await delay(backoffMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  };
  const done = supervise().finally(() => log.end());
  done.catch(first.reject);

  return {
    name: options.name,
    connected: first.promise,
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      child?.stdin?.end();
      const killer = setTimeout(() => killGroup(child), STOP_TIMEOUT_MS);
      await done;
      clearTimeout(killer);
    },
    kill() {
      stopping.abort();
      const pods = child?.pid === undefined ? [] : descendantsOf(child.pid);
      killGroup(child);
      for (const pid of pods) kill(pid);
    },
  };
}

/** The examples' programs (and `node` itself, where it came with this package) are in node_modules/.bin. */
function agentEnvironment(options: AgentOptions, uid: string): NodeJS.ProcessEnv {
  const { ROUSE_SUPERVISED: _, MINIFLARE_WORKERD_PATH: __, ...inherited } = process.env;
  return {
    ...inherited,
    PATH: [join(PACKAGE_ROOT, "node_modules/.bin"), inherited.PATH].join(delimiter),
    [CREDENTIAL_VARIABLE]: agentCredential(options.rootKey, uid),
    NODE_COMPILE_CACHE: join(options.stateDir, "compile-cache"),
  };
}

async function ending(child: ChildProcess): Promise<string> {
  try {
    const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
  } catch (error) {
    return `could not be started: ${error instanceof Error ? error.message : error}`;
  }
}

function eventOf(line: string): unknown {
  try {
    return (JSON.parse(line) as { event?: unknown } | null)?.event;
  } catch {
    return undefined;
  }
}

function notConnected({ name, logFile }: AgentOptions, how: string): CliError {
  return new CliError(`agent ${name} ${how}`, `Its log says why: ${logFile}`);
}

function killGroup(child: ChildProcess | null): void {
  if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  kill(-child.pid);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended meanwhile.
  }
}
