/**
 * Which process a pid is. Pids are reused; a pid with its start time (and the boot it was started in) is not.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { parseProcessStat } from "../../../core/process-stat.ts";

export type ProcessIdentity = {
  readonly pid: number;
  /** Linux: clock ticks since boot (/proc/<pid>/stat, field 22). Elsewhere: the text of `ps -o lstart=`. */
  readonly startTime: string;
  /** Ticks repeat after a reboot; the kernel's boot id does not. "" where there is none. */
  readonly boot: string;
};

/** @returns null when no such process runs (a zombie has ended) */
export function identify(pid: number): ProcessIdentity | null {
  const startTime = process.platform === "linux" ? linuxStartTime(pid) : psStartTime(pid);
  return startTime === null ? null : { pid, startTime, boot: bootId() };
}

export function isRunning(identity: ProcessIdentity): boolean {
  const now = identify(identity.pid);
  return now !== null && now.startTime === identity.startTime && now.boot === identity.boot;
}

/** Signals a whole process group. That it is gone already is no error (macOS: EPERM while only zombies are left in it). */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ESRCH" && code !== "EPERM") throw error;
  }
}

function linuxStartTime(pid: number): string | null {
  try {
    const stat = parseProcessStat(readFileSync(`/proc/${pid}/stat`, "latin1"));
    return stat === null || stat.hasEnded ? null : stat.startTicks;
  } catch {
    return null;
  }
}

function psStartTime(pid: number): string | null {
  try {
    const [state, ...started] = execFileSync("ps", ["-o", "stat=,lstart=", "-p", String(pid)], {
      encoding: "utf8",
      timeout: 2_000,
    })
      .trim()
      .split(/\s+/);
    return state === undefined || state === "" || state.startsWith("Z") ? null : started.join(" ");
  } catch {
    return null;
  }
}

let knownBootId: string | undefined;

function bootId(): string {
  if (knownBootId === undefined) {
    try {
      knownBootId = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
    } catch {
      knownBootId = "";
    }
  }
  return knownBootId;
}
