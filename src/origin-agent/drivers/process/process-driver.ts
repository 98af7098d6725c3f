/**
 * The process driver: a pod is a child process in its own session, behind a shim that records how it ends (shim.ts), with
 * its records in a folder (pod-folder.ts). The death of the agent ends no pod; the next agent finds them.
 *
 * A start is on the path of a cold request, so all before the spawn is a handful of system calls, and the identity of
 * the process is written right after it, before the pod counts.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Logger } from "pino";
import { podCommandLine, podEnvironment } from "../../../core/environment.ts";
import { attempt } from "../../bookkeeping.ts";
import type { Driver, FoundPod, StartOrder, StartResult } from "../driver.ts";
import { findExecutable, workingDirProblem } from "./executable.ts";
import { LogLimit } from "./log-limit.ts";
import { PodFolder, type PodRecord } from "./pod-folder.ts";
import { PortBlock } from "./port-block.ts";
import { identify, isRunning, signalGroup } from "./process-identity.ts";
import { ProcessInstance } from "./process-instance.ts";
import { SHIM_SHELL, shimArguments } from "./shim.ts";

/** What a program needs of the machine; everything else in the agent's environment stays with the agent. */
const INHERITED_VARIABLES = ["PATH", "HOME", "LANG", "TMPDIR", "USER", "TZ"];

export type ProcessDriverOptions = {
  readonly stateDir: string;
  /** Where relative working directories begin, and where pods without one run. */
  readonly workDir: string;
  readonly agentUid: string;
  readonly log: Logger;
};

export class ProcessDriver implements Driver {
  readonly name = "process";
  readonly #podsFolder: string;
  readonly #workDir: string;
  readonly #log: Logger;
  readonly #ports: PortBlock;
  readonly #logLimit = new LogLimit();
  readonly #inherited: Readonly<Record<string, string>>;

  private constructor(options: ProcessDriverOptions, ports: PortBlock) {
    this.#podsFolder = join(options.stateDir, "pods");
    this.#workDir = resolve(options.workDir);
    this.#log = options.log;
    this.#ports = ports;
    this.#inherited = inheritedVariables();
    mkdirSync(this.#podsFolder, { recursive: true });
  }

  static async open(options: ProcessDriverOptions): Promise<ProcessDriver> {
    return new ProcessDriver(options, await PortBlock.reserve(preferenceOf(options.agentUid)));
  }

  async start(order: StartOrder): Promise<StartResult> {
    const { template } = order;
    if (template.command.length === 0) {
      return failed(
        "CommandMissing",
        `revision ${template.namespace}/${template.revision} has no command, and the process driver does not run images: ` +
          "set spec.template.spec.containers[0].command",
      );
    }
    const workingDir = resolve(this.#workDir, template.workingDir ?? ".");
    const dirProblem = workingDirProblem(workingDir);
    if (dirProblem !== null) return failed("CommandNotFound", dirProblem);
    const port = this.#ports.take();
    if (port === null) return failed("DriverUnavailable", "every port of this agent is in use: stop some pods first");

    const result = await this.#spawn(order, port, workingDir);
    if (result.kind === "failed") this.#ports.release(port);
    return result;
  }

  async #spawn(order: StartOrder, port: number, workingDir: string): Promise<StartResult> {
    const environment = podEnvironment(order.template, port, this.#inherited);
    const [command = "", ...args] = podCommandLine(order.template, environment);
    const executable = findExecutable(command, workingDir, environment.PATH ?? "");
    if (executable.kind === "missing") return failed("CommandNotFound", executable.message);

    const folder = new PodFolder(this.#podsFolder, order.podId);
    let pid: number | undefined;
    try {
      folder.create();
      const shim = shimArguments(folder.path, executable.path, args, environment);
      const child = spawnInto(folder.logPath, shim, workingDir, environment);
      pid = child.pid;
      if (pid === undefined) throw await new Promise<Error>((resolveError) => child.once("error", resolveError));
      child.unref();
      const record: PodRecord = {
        ...order,
        version: 1,
        port,
        // Ended already: its identity is gone, its exit code is not.
        process: identify(pid) ?? { pid, startTime: "", boot: "" },
        isStopRequested: false,
      };
      folder.write(record);
      this.#logLimit.watch(folder.logPath);
      return { kind: "started", instance: this.#instance(folder, record, child) };
    } catch (error) {
      // Without its record no later agent would know the process, so it must not stay.
      if (pid !== undefined) signalGroup(pid, "SIGKILL");
      attempt(this.#log, "remove the folder of a pod that did not start", () => folder.remove());
      const why = error instanceof Error ? error.message : String(error);
      return failed("DriverUnavailable", `the pod could not be started on the agent's machine: ${why}`);
    }
  }

  async find(): Promise<readonly FoundPod[]> {
    const found: FoundPod[] = [];
    for (const folder of PodFolder.list(this.#podsFolder)) {
      const record = folder.read();
      if (record === null) {
        this.#discard(folder);
        continue;
      }
      this.#ports.claim(record.port);
      this.#logLimit.watch(folder.logPath);
      const instance = this.#instance(folder, record, null);
      const { podId, revisionUid, controlPlaneId, template, isStopRequested } = record;
      found.push({ podId, revisionUid, controlPlaneId, template, isStopRequested, instance });
    }
    return found;
  }

  async close(): Promise<void> {
    this.#logLimit.close();
    await this.#ports.close();
  }

  #instance(folder: PodFolder, record: PodRecord, child: ChildProcess | null): ProcessInstance {
    return new ProcessInstance(folder, record, child, this.#log, () => {
      this.#logLimit.unwatch(folder.logPath);
      this.#ports.release(record.port);
    });
  }

  /** An agent died between the spawn and the record: nobody was told of this pod, so it ends. */
  #discard(folder: PodFolder): void {
    const pid = folder.shimPid();
    if (pid !== null && isShimOf(pid, folder.path)) {
      this.#log.warn({ pid, folder: folder.path }, "ending a process that an agent started and did not record");
      signalGroup(pid, "SIGKILL");
    }
    folder.remove();
  }
}

/** Starts the shim with its output in the log. @throws when the log cannot be opened */
function spawnInto(
  logPath: string,
  shim: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): ChildProcess {
  const log = openSync(logPath, "a");
  try {
    return spawn(SHIM_SHELL, shim, { cwd, env, detached: true, stdio: ["ignore", log, log] });
  } finally {
    closeSync(log);
  }
}

function isShimOf(pid: number, folder: string): boolean {
  const identity = identify(pid);
  if (identity === null || !isRunning(identity)) return false;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(folder);
  } catch {
    return false;
  }
}

function inheritedVariables(): Record<string, string> {
  const inherited: Record<string, string> = {};
  for (const name of INHERITED_VARIABLES) {
    const value = process.env[name];
    if (value !== undefined) inherited[name] = value;
  }
  return inherited;
}

/** A number that depends on the uid only (FNV-1a). */
function preferenceOf(agentUid: string): number {
  let hash = 2_166_136_261;
  for (const character of agentUid) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16_777_619);
  return hash >>> 0;
}

function failed(reason: "CommandMissing" | "CommandNotFound" | "DriverUnavailable", message: string): StartResult {
  return { kind: "failed", reason, message };
}
