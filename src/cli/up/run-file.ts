/**
 * `<state>/run.json`: which processes use this state. One `rouse up` at a time may; and when both it and its supervisor were
 * killed at once, the next start ends what they left behind, by pid and start time, never by name.
 */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CliError } from "../cli-error.ts";
import { writePrivateFile } from "../secrets.ts";
import { identify, isAlive, killProcess, type ProcessIdentity } from "./process-identity.ts";

const RUN_FILE = "run.json";
/** How long an agent that lost its parent has for stopping its pods before it is killed. */
const ORPHAN_GRACE_MS = 10_000;
const ORPHAN_POLL_MS = 50;

export type RunFile = {
  /** Keeps a child on record. */
  readonly record: (role: "workerd" | "agent", pid: number) => void;
  readonly clear: () => void;
};

type Contents = {
  readonly main: ProcessIdentity;
  readonly children: readonly (ProcessIdentity & { readonly role: "workerd" | "agent" })[];
};

/** @throws CliError when another `rouse up` runs on this state */
export async function claimRunFile(stateDir: string): Promise<RunFile> {
  const path = join(stateDir, RUN_FILE);
  const previous = read(path);
  if (previous !== null) {
    if (isAlive(previous.main)) {
      throw new CliError(
        `the state in ${stateDir} is in use by another \`rouse up\`, pid ${previous.main.pid}`,
        `Stop that one (kill ${previous.main.pid}), or use a state of its own: --state DIR.`,
      );
    }
    await endOrphans(previous);
  }
  const main = identify(process.pid) ?? { pid: process.pid, startedAt: "" };
  let contents: Contents = { main, children: [] };
  const save = () => writePrivateFile(path, `${JSON.stringify(contents)}\n`);
  save();
  return {
    record(role, pid) {
      const child = identify(pid);
      if (child === null) return;
      contents = { ...contents, children: [...contents.children.filter(isAlive), { ...child, role }] };
      save();
    },
    clear: () => rmSync(path, { force: true }),
  };
}

/** workerd holds the port and the database: it goes at once. An agent is just stopping its pods: it may finish. */
async function endOrphans({ children }: Contents): Promise<void> {
  for (const child of children.filter(({ role }) => role === "workerd")) killProcess(child, "SIGKILL");
  const deadlineMs = Date.now() + ORPHAN_GRACE_MS;
  while (children.some(isAlive) && Date.now() < deadlineMs) await delay(ORPHAN_POLL_MS);
  for (const child of children) killProcess(child, "SIGKILL");
}

function read(path: string): Contents | null {
  try {
    const value = JSON.parse(readFileSync(path, "utf8")) as Partial<Contents>;
    return value.main !== undefined && Array.isArray(value.children) ? (value as Contents) : null;
  } catch {
    return null; // None, or written by something else: there is nobody to end.
  }
}
