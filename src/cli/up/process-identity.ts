/**
 * A process told apart from a later one with the same id: process ids are used again, so a pid alone may name a stranger.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { parseProcessStat } from "../../core/process-stat.ts";

export type ProcessIdentity = {
  readonly pid: number;
  /** Opaque; equal only for the same process. */
  readonly startedAt: string;
};

/** @returns null when there is no such process */
export function identify(pid: number): ProcessIdentity | null {
  const startedAt = startOf(pid);
  return startedAt === null ? null : { pid, startedAt };
}

export function isAlive(identity: ProcessIdentity): boolean {
  return startOf(identity.pid) === identity.startedAt;
}

/** Ends that very process; does nothing when it is gone already. */
export function killProcess(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch {
    // It ended between the check and the signal.
  }
}

function startOf(pid: number): string | null {
  return process.platform === "linux" ? linuxStart(pid) : psStart(pid);
}

function linuxStart(pid: number): string | null {
  try {
    const stat = parseProcessStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
    return stat === null || stat.hasEnded ? null : stat.startTicks;
  } catch {
    return null;
  }
}

function psStart(pid: number): string | null {
  try {
    const text = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
    return text === "" ? null : text;
  } catch {
    return null;
  }
}
