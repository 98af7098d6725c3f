/** Which processes a `rouse up` started, read from where it and its agents put that on record. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { identify, isAlive, type ProcessIdentity } from "../../../src/cli/up/process-identity.ts";
import { descendantsOf } from "../../../src/cli/up/process-tree.ts";

export type RunningPod = ProcessIdentity & { readonly podId: string };

type RunFile = {
  readonly main: ProcessIdentity;
  readonly children: readonly (ProcessIdentity & { readonly role: "workerd" | "agent" })[];
};

export function runFile(stateDir: string): RunFile {
  return JSON.parse(readFileSync(join(stateDir, "run.json"), "utf8")) as RunFile;
}

/** The pods of all local agents whose process is alive. */
export function runningPods(stateDir: string): RunningPod[] {
  return readdirSync(stateDir)
    .map((name) => join(stateDir, name, "pods"))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((podId) => ({ podId, folder: join(folder, podId) })))
    .flatMap(({ podId, folder }) => {
      const pid = hasEnded(folder) ? null : readPid(folder);
      const identity = pid === null ? null : identify(pid);
      return identity === null ? [] : [{ ...identity, podId }];
    });
}

/** Everything below a process, with what makes each unmistakable later. */
export function familyOf(pid: number): ProcessIdentity[] {
  return [pid, ...descendantsOf(pid)].flatMap((member) => identify(member) ?? []);
}

export function survivors(processes: readonly ProcessIdentity[]): string[] {
  return processes.filter(isAlive).map(({ pid }) => `${pid} ${commandLine(pid)}`);
}

function hasEnded(podFolder: string): boolean {
  return existsSync(join(podFolder, "exit"));
}

function readPid(podFolder: string): number | null {
  try {
    const record = JSON.parse(readFileSync(join(podFolder, "pod.json"), "utf8")) as { process: ProcessIdentity };
    return record.process.pid;
  } catch {
    return null; // Not started yet, or just removed.
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}
