/**
 * The process driver: a pod is a child process in its own session, behind a shim that records how it ends (shim.ts), with
 * its records in a folder (pod-folder.ts). The death of the agent ends no pod; the next agent finds them.
 *
 * A start is on the path of a cold request: a handful of system calls, and a shim that waits already is told which pod is
 * its. The record of the pod, with the identity of its process, is on disk before that.
 */
import type { ChildProcess } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Logger } from "pino";
import { podCommandLine, podEnvironment } from "../../../core/environment.ts";
import type { PodFailureReason, PodFeature } from "../../../core/protocol/pod.ts";
import { attempt } from "../../bookkeeping.ts";
import type { Driver, FoundPod, StartOrder, StartResult } from "../driver.ts";
import { judgeTemplate } from "../judge-template.ts";
import { findExecutable, workingDirProblem } from "./executable.ts";
import { LogLimit } from "./log-limit.ts";
import { PodFolder, type PodRecord } from "./pod-folder.ts";
import { PortBlock } from "./port-block.ts";
import { ProcessInstance } from "./process-instance.ts";
import { type Shim, startScript } from "./shim.ts";
import { SpareShims } from "./spare-shims.ts";

/** What a program needs of the machine; everything else in the agent's environment stays with the agent. */
const INHERITED_VARIABLES = ["PATH", "HOME", "LANG", "TMPDIR", "USER", "TZ"];

/** A process has a command, an environment and a port, and nothing of what makes a container. */
const SUPPORTED_FEATURES: ReadonlySet<PodFeature["feature"]> = new Set();

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
  readonly #shims: SpareShims;
  readonly #inherited: Readonly<Record<string, string>>;

  private constructor(options: ProcessDriverOptions, ports: PortBlock) {
    this.#podsFolder = join(options.stateDir, "pods");
    this.#workDir = resolve(options.workDir);
    this.#log = options.log;
    this.#ports = ports;
    this.#shims = new SpareShims(options.log);
    this.#inherited = inheritedVariables();
    mkdirSync(this.#podsFolder, { recursive: true });
  }

  static async open(options: ProcessDriverOptions): Promise<ProcessDriver> {
    return new ProcessDriver(options, await PortBlock.reserve(preferenceOf(options.agentUid)));
  }

  async start(order: StartOrder): Promise<StartResult> {
    const { template } = order;
    const verdict = judgeTemplate(template, this.name, SUPPORTED_FEATURES);
    if (verdict !== null) return failed(verdict.reason, verdict.message);
    if (template.command.length === 0) {
      return failed(
        "CommandMissing",
        `revision ${template.namespace}/${template.revision} has no command, and the process driver does not run images: ` +
          "set spec.template.spec.containers[0].command",
      );
    }
    const workingDir = resolve(this.#workDir, template.workingDir ?? ".");
    const dirProblem = workingDirProblem(workingDir);
    if (dirProblem !== null) return failed("WorkingDirNotFound", dirProblem);
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
    let shim: Shim | null = null;
    try {
      folder.create();
      shim = await this.#shims.take();
      const record: PodRecord = { ...order, version: 1, port, process: shim.identity, isStopRequested: false };
      folder.write(record, startScript({ workingDir, executable: executable.path, args, environment }));
      shim.run(folder.path);
      this.#logLimit.watch(folder.logPath);
      return { kind: "started", instance: this.#instance(folder, record, shim.child) };
    } catch (error) {
      shim?.dismiss();
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
        // An agent died before it told a shim of it: nothing runs.
        folder.remove();
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
    this.#shims.close();
    await this.#ports.close();
  }

  #instance(folder: PodFolder, record: PodRecord, child: ChildProcess | null): ProcessInstance {
    return new ProcessInstance(folder, record, child, this.#log, () => {
      this.#logLimit.unwatch(folder.logPath);
      this.#ports.release(record.port);
    });
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

function failed(reason: PodFailureReason, message: string): StartResult {
  return { kind: "failed", reason, message };
}
