/**
 * The process driver: a pod is a child process in its own session, behind a shim that records how it ends (shim.ts), with
 * its records in a folder (pod-folder.ts). The death of the agent ends no pod; the next agent finds them.
 *
 * A start is on the path of a cold request, so all before the spawn is a handful of system calls, and the identity of
 * the process is written right after it, before the pod counts.
 */
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Logger } from "pino";
import { podCommandLine, podEnvironment } from "../../../core/environment.ts";
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
    const { podId, template } = order;
    if (template.command.length === 0) {
      return failed(
        "CommandMissing",
        `revision ${template.namespace}/${template.revision} has no command, and the process driver does not run images: ` +
          "set spec.template.spec.containers[0].command, or use the docker driver",
      );
    }
    const workingDir = resolve(this.#workDir, template.workingDir ?? ".");
    const dirProblem = workingDirProblem(workingDir);
    if (dirProblem !== null) return failed("CommandNotFound", dirProblem);
    const port = this.#ports.take();
    if (port === null) return failed("DriverUnavailable", "every port of this agent is in use: stop some pods first");

    const environment = podEnvironment(template, port, this.#inherited);
    const [command = "", ...args] = podCommandLine(template, environment);
    const executable = findExecutable(command, workingDir, environment.PATH ?? "");
    if (executable.kind === "missing") {
      this.#ports.release(port);
      return failed("CommandNotFound", executable.message);
    }

    const folder = new PodFolder(this.#podsFolder, podId);
    folder.create();
    const logFile = openSync(folder.logPath, "a");
    const child = spawn(SHIM_SHELL, shimArguments(folder.path, executable.path, args, environment), {
      cwd: workingDir,
      env: environment,
      detached: true,
      stdio: ["ignore", logFile, logFile],
    });
    closeSync(logFile);
    const { pid } = child;
    if (pid === undefined) {
      const error = await new Promise<Error>((resolveError) => child.once("error", resolveError));
      this.#ports.release(port);
      folder.remove();
      return failed("DriverUnavailable", `the process could not be made: ${error.message}`);
    }
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
    return {
      kind: "started",
      instance: new ProcessInstance(folder, record, child, () => this.#released(folder, port)),
    };
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
      const instance = new ProcessInstance(folder, record, null, () => this.#released(folder, record.port));
      const { podId, revisionUid, controlPlaneId, template, isStopRequested } = record;
      found.push({ podId, revisionUid, controlPlaneId, template, isStopRequested, instance });
    }
    return found;
  }

  async close(): Promise<void> {
    this.#logLimit.close();
    await this.#ports.close();
  }

  #released(folder: PodFolder, port: number): void {
    this.#logLimit.unwatch(folder.logPath);
    this.#ports.release(port);
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
