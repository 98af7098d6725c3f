/** What a process used so far, from /proc (Linux). */
import { readFileSync } from "node:fs";
import { CliError, messageOf } from "../../src/cli/cli-error.ts";

/** USER_HZ, the unit of times in /proc/<pid>/stat: 100 on every Linux that Node.js runs on. */
const TICKS_PER_SEC = 100;
/** Counted from 0 after the command's name, which may hold blanks: utime and stime of proc_pid_stat(5). */
const USER_TICKS_FIELD = 11;
const SYSTEM_TICKS_FIELD = 12;

/** User and system time of all its threads, in milliseconds; a multiple of 10. */
export function cpuMs(pid: number): number {
  const fields = read(pid, "stat")
    .replace(/^.*\) /s, "")
    .split(" ");
  const ticks = Number(fields[USER_TICKS_FIELD]) + Number(fields[SYSTEM_TICKS_FIELD]);
  return (ticks / TICKS_PER_SEC) * 1_000;
}

/** Resident memory in bytes, shared pages included. */
export function residentBytes(pid: number): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(read(pid, "status"))?.[1];
  return Number(kibibytes) * 1_024;
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch (error) {
    throw new CliError(
      `cannot read the usage of process ${pid}: ${messageOf(error)}`,
      "The benchmark reads /proc and runs on Linux only; or the process died: its log says why.",
    );
  }
}
