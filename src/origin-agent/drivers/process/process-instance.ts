/**
 * One pod as a process group: the shim and what it runs. Made by the agent itself (then the kernel tells when it ends)
 * or adopted from an agent before (then its pid is looked at twice a second).
 */
import type { ChildProcess } from "node:child_process";
import { constants } from "node:os";
import type { Logger } from "pino";
import { attempt } from "../../bookkeeping.ts";
import type { Instance, PodExit } from "../driver.ts";
import type { PodFolder, PodRecord } from "./pod-folder.ts";
import { identify, isRunning, signalGroup } from "./process-identity.ts";

const ADOPTED_POLL_MS = 500;
const HOSTS = ["127.0.0.1", "::1"];

export class ProcessInstance implements Instance {
  readonly hosts = HOSTS;
  readonly exited: Promise<PodExit>;
  readonly #folder: PodFolder;
  readonly #log: Logger;
  readonly #onForget: () => void;
  #record: PodRecord;
  #hasExited = false;

  /** @param child null = adopted */
  constructor(folder: PodFolder, record: PodRecord, child: ChildProcess | null, log: Logger, onForget: () => void) {
    this.#folder = folder;
    this.#log = log;
    this.#record = record;
    this.#onForget = onForget;
    this.exited = (child === null ? this.#pollUntilEnd() : untilEnd(child)).then((ofShim) => {
      this.#hasExited = true;
      // Whatever the application left behind in its group.
      if (ofShim !== null) signalGroup(record.process.pid, "SIGKILL");
      const recorded = folder.exitCode();
      return recorded === null ? (ofShim ?? {}) : toExit(recorded);
    });
  }

  get port(): number {
    return this.#record.port;
  }

  get isStopRequested(): boolean {
    return this.#record.isStopRequested;
  }

  requestStop(): void {
    if (!this.#record.isStopRequested) {
      this.#record = { ...this.#record, isStopRequested: true };
      attempt(this.#log, "record that a pod was asked to stop", () => this.#folder.update(this.#record));
    }
    if (!this.#hasExited) signalGroup(this.#record.process.pid, "SIGTERM");
  }

  kill(): void {
    if (!this.#hasExited) signalGroup(this.#record.process.pid, "SIGKILL");
  }

  logTail(lineCount: number): string {
    return this.#folder.logTail(lineCount);
  }

  forget(): void {
    attempt(this.#log, "remove the records of a pod", () => this.#folder.remove());
    this.#onForget();
  }

  /** @returns null when it had ended before the agent looked: then its group may already be somebody else's */
  async #pollUntilEnd(): Promise<PodExit | null> {
    if (!isRunning(this.#record.process)) return null;
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        if (isRunning(this.#record.process)) return;
        clearInterval(timer);
        resolve();
      }, ADOPTED_POLL_MS);
      timer.unref();
    });
    // Nobody has the pid now: what is left of the group of that name is the application's.
    if (identify(this.#record.process.pid) === null) signalGroup(this.#record.process.pid, "SIGKILL");
    return null;
  }
}

function untilEnd(child: ChildProcess): Promise<PodExit> {
  return new Promise((resolve) => {
    child.once("exit", (exitCode, signal) => resolve(signal === null ? toExit(exitCode ?? 0) : { signal }));
  });
}

const SIGNAL_NAMES = new Map(Object.entries(constants.signals).map(([name, number]) => [number as number, name]));

/** A shell reports the end by a signal as 128 + its number. */
function toExit(exitCode: number): PodExit {
  const signal = exitCode > 128 ? SIGNAL_NAMES.get(exitCode - 128) : undefined;
  return signal === undefined ? { exitCode } : { exitCode, signal };
}
