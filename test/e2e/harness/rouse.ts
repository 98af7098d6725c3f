/**
 * A real `rouse up` for a test: its own state folder, its own port, real workerd, agents and pods.
 *
 *     const rouse = await startRouse();
 *     await rouse.apply(service("hello", { command: ["node", "examples/apps/hello/server.js"] }));
 *     await rouse.waitReady("hello");
 *     const answer = await rouse.request("hello.default.localhost", "/");
 *     await rouse.stop();   // fails when anything is left running
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApiClient, type ApiResponse } from "../../../src/cli/api/api-client.ts";
import { type Applied, applyManifest } from "../../../src/cli/api/apply.ts";
import { localEdge } from "../../../src/cli/api/connection.ts";
import type { Manifest } from "../../../src/cli/api/manifest.ts";
import type { ServiceView } from "../../../src/cli/api/views.ts";
import { waitForReady } from "../../../src/cli/api/wait-ready.ts";
import { PACKAGE_ROOT } from "../../../src/cli/package-root.ts";
import { killProcess, type ProcessIdentity } from "../../../src/cli/up/process-identity.ts";
import { type Answer, type RequestInit, requestOnce } from "./http.ts";
import { familyOf, type RunningPod, runFile, runningPods, survivors } from "./processes.ts";
import { until } from "./until.ts";

export type StartOptions = {
  /** More arguments of `rouse up`. */
  readonly args?: readonly string[];
  readonly agents?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** To start again on the state of an earlier one; then it is not removed at the end. */
  readonly stateDir?: string;
  readonly withExamples?: boolean;
};

export type Rouse = {
  readonly port: number;
  readonly stateDir: string;
  readonly kubeconfig: string;
  readonly adminToken: string;
  /** What it printed so far, both streams. */
  output(): string;
  apply(manifest: Manifest): Promise<Applied>;
  /** @throws with the service's own reason when it fails */
  waitReady(name: string, timeoutMs?: number): Promise<ServiceView>;
  /** To the data plane, or with host 127.0.0.1 to the API. */
  request(host: string, path: string, init?: RequestInit): Promise<Answer>;
  /** To the API, with the admin token. */
  api(path: string, method?: string, body?: unknown): Promise<ApiResponse>;
  pods(): RunningPod[];
  podCount(): number;
  waitForPodCount(count: number, timeoutMs?: number): Promise<void>;
  /** SIGKILL of workerd; Miniflare starts another on the same port. */
  killEdge(): void;
  /** SIGKILL of an agent, counted from 0; its parent starts it again. */
  killAgent(index?: number): void;
  /** SIGKILL of the supervisor, of its child, or of both at once. */
  killParents(which: "supervisor" | "main" | "both"): void;
  /** Ctrl-C; then asserts that nothing of it runs any more. @returns the exit code */
  stop(): Promise<number | null>;
  /** After killParents: asserts that everything ends by itself. */
  waitUntilGone(timeoutMs?: number): Promise<void>;
};

const START_TIMEOUT_MS = 40_000;
const STOP_TIMEOUT_MS = 20_000;
const READY_TIMEOUT_MS = 30_000;
/** Between the exit of the supervisor and that of a process that it killed. */
const REAP_TIMEOUT_MS = 2_000;

export async function startRouse(options: StartOptions = {}): Promise<Rouse> {
  const stateDir = options.stateDir ?? mkdtempSync(join(tmpdir(), "rouse-e2e-"));
  const child = spawn(process.execPath, [join(PACKAGE_ROOT, "bin/rouse.js"), ...upArguments(options, stateDir)], {
    stdio: ["ignore", "pipe", "pipe"],
    cwd: PACKAGE_ROOT,
    env: { ...process.env, ...options.env },
  });
  const exited = once(child, "exit");
  const output = await readyOutput(child);

  const kubeconfig = join(stateDir, "kubeconfig");
  const edgeUrl = localEdge(readFileSync(kubeconfig, "utf8"));
  const adminToken = readFileSync(join(stateDir, "admin-token"), "utf8").trim();
  const client = new ApiClient(edgeUrl, adminToken);
  const port = Number(new URL(edgeUrl).port);
  const family = () => [...familyOf(child.pid ?? -1), ...runningPods(stateDir)];
  let doomed: readonly ProcessIdentity[] = [];
  const childNumber = (role: "workerd" | "agent", index: number) =>
    runFile(stateDir).children.filter((member) => member.role === role)[index];
  const kill = (identity: ProcessIdentity | undefined) => {
    if (identity !== undefined) killProcess(identity, "SIGKILL");
  };
  const assertGone = async (timeoutMs: number) => {
    await until("the end of all processes", () => (survivors(doomed).length === 0 ? true : null), { timeoutMs }).catch(
      () => {
        throw new Error(`still running:\n${survivors(doomed).join("\n")}\n\n${output()}`);
      },
    );
    if (options.stateDir === undefined) rmSync(stateDir, { recursive: true, force: true });
  };

  return {
    port,
    stateDir,
    kubeconfig,
    adminToken,
    output,
    apply: (manifest) => applyManifest(client, manifest),
    waitReady: (name, timeoutMs = READY_TIMEOUT_MS) =>
      waitForReady(client, "default", name, { timeoutMs, windowMs: 2_000 }),
    request: (host, path, init) => requestOnce(port, host, path, init),
    api: (path, method = "GET", body) => client.request(method, path, body),
    pods: () => runningPods(stateDir),
    podCount: () => runningPods(stateDir).length,
    async waitForPodCount(count, timeoutMs = READY_TIMEOUT_MS) {
      await until(`${count} pods`, () => (runningPods(stateDir).length === count ? true : null), { timeoutMs });
    },
    killEdge: () => kill(childNumber("workerd", 0)),
    killAgent: (index = 0) => kill(childNumber("agent", index)),
    killParents(which) {
      doomed = family();
      if (which !== "main") child.kill("SIGKILL");
      if (which !== "supervisor") kill(runFile(stateDir).main);
    },
    async stop() {
      doomed = family();
      child.kill("SIGINT");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
      const [code] = (await exited) as [number | null];
      clearTimeout(timer);
      await assertGone(REAP_TIMEOUT_MS);
      return code;
    },
    waitUntilGone: (timeoutMs = STOP_TIMEOUT_MS) => assertGone(timeoutMs),
  };
}

/** A Service for the process driver. */
export function service(
  name: string,
  container: Readonly<Record<string, unknown>>,
  template: {
    readonly annotations?: Readonly<Record<string, string>>;
    readonly spec?: Readonly<Record<string, unknown>>;
  } = {},
): Manifest {
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: { name, namespace: "default" },
    spec: {
      template: {
        metadata: { annotations: { "rouse.dev/driver": "process", ...template.annotations } },
        spec: { ...template.spec, containers: [{ image: `rouse.dev/test/${name}`, ...container }] },
      },
    },
  };
}

function upArguments({ args = [], agents = 1, withExamples = false }: StartOptions, stateDir: string): string[] {
  return [
    ...["up", "--port", "0", "--data-port", "0", "--metrics-port", "0", "--no-open"],
    ...["--state", stateDir, "--agents", String(agents)],
    ...(withExamples ? [] : ["--no-examples"]),
    ...args,
  ];
}

/** Resolves at the line `Ready`. Rejects with all that was printed when it ends or stays silent instead. */
function readyOutput(child: ChildProcess): Promise<() => string> {
  const { promise, resolve, reject } = Promise.withResolvers<() => string>();
  let text = "";
  const timer = setTimeout(() => {
    child.kill("SIGINT");
    reject(new Error(`rouse up was not ready after ${START_TIMEOUT_MS} ms:\n${text}`));
  }, START_TIMEOUT_MS);
  const read = (chunk: Buffer) => {
    text += chunk.toString("utf8");
    if (/^Ready/m.test(text)) {
      clearTimeout(timer);
      resolve(() => text);
    }
  };
  child.stdout?.on("data", read);
  child.stderr?.on("data", read);
  child.once("exit", (code, signal) => {
    clearTimeout(timer);
    reject(new Error(`rouse up ended (${signal ?? code}) before it was ready:\n${text}`));
  });
  return promise;
}
