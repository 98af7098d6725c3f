/** The processes below one, for the case that all of them must end now. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { parseProcessStat } from "../../core/process-stat.ts";

/** All descendants, parents first; empty where they cannot be seen. */
export function descendantsOf(pid: number): number[] {
  const children = childrenByParent();
  const found: number[] = [];
  for (let queue = [pid]; queue.length > 0; ) {
    queue = queue.flatMap((parent) => children.get(parent) ?? []);
    found.push(...queue);
  }
  return found;
}

function childrenByParent(): Map<number, number[]> {
  const children = new Map<number, number[]>();
  for (const [pid, parent] of process.platform === "linux" ? linuxPairs() : psPairs()) {
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  return children;
}

type Pair = readonly [pid: number, parent: number];

function linuxPairs(): Pair[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = parseProcessStat(readFileSync(`/proc/${name}/stat`, "utf8"));
        return stat === null ? [] : [[Number(name), stat.parentPid] as const];
      } catch {
        return []; // It ended meanwhile.
      }
    });
}

function psPairs(): Pair[] {
  try {
    const text = execFileSync("ps", ["-axo", "pid=,ppid="], { encoding: "utf8" });
    return text
      .trim()
      .split("\n")
      .map((line) => line.trim().split(/\s+/).map(Number))
      .map(([pid = 0, parent = 0]) => [pid, parent] as const);
  } catch {
    return [];
  }
}
