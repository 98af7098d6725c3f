/**
 * What the agent remembers over a restart beside its pods: whose desired state it follows, and how far. And the lock that
 * keeps a second agent from adopting (and stopping) the pods of the first.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { identify, isRunning, type ProcessIdentity } from "./drivers/process/process-identity.ts";

export type AgentState = {
  /** null = it never followed one. */
  readonly controlPlaneId: string | null;
  readonly generation: number;
};

export class StateFile {
  readonly #path: string;
  readonly #lockPath: string;

  /** @throws when another agent that runs uses the folder */
  constructor(stateDir: string) {
    mkdirSync(stateDir, { recursive: true });
    this.#path = join(stateDir, "agent.json");
    this.#lockPath = join(stateDir, "agent.lock");
    const holder = readJson<ProcessIdentity>(this.#lockPath);
    if (holder !== null && holder.pid !== process.pid && isRunning(holder)) {
      throw new Error(
        `--state: ${stateDir} is in use by the agent with pid ${holder.pid}; stop it or use another folder`,
      );
    }
    writeJson(this.#lockPath, identify(process.pid));
  }

  read(): AgentState {
    return readJson<AgentState>(this.#path) ?? { controlPlaneId: null, generation: 0 };
  }

  write(state: AgentState): void {
    writeJson(this.#path, state);
  }

  unlock(): void {
    rmSync(this.#lockPath, { force: true });
  }
}

function readJson<T>(path: string): T | null {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch {
    return null;
  }
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(`${path}.tmp`, JSON.stringify(value));
  renameSync(`${path}.tmp`, path);
}
