/** The machine that the agent runs on, as the edge tells of it to people. */
import { readFileSync } from "node:fs";
import { arch, hostname, platform, release, type } from "node:os";
import type { AgentSystem } from "../core/protocol/objects.ts";

/** Kubernetes' words where Node has its own. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };

export function systemOf(): AgentSystem {
  return {
    operatingSystem: platform(),
    architecture: ARCHITECTURES[arch()] ?? arch(),
    kernelVersion: release(),
    osImage: /^PRETTY_NAME="?([^"\n]+)/m.exec(textOf("/etc/os-release"))?.[1] ?? type(),
    machineId: machineId(),
  };
}

export function machineId(): string {
  return textOf("/etc/machine-id").trim() || hostname();
}

/** @returns "" where there is no such file */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
