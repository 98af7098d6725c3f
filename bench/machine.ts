/** What the numbers were taken on: without it they say nothing. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { PACKAGE_ROOT, packageVersion } from "../src/cli/package-root.ts";

export type Machine = { readonly lines: readonly string[]; readonly data: Readonly<Record<string, string | number>> };

export async function describeMachine(): Promise<Machine> {
  const data = {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    kernel: `${process.platform} ${release()}`,
    node: process.versions.node,
    workerd: versionOf("workerd"),
    miniflare: versionOf("miniflare"),
    rouse: packageVersion(),
    commit: commit(),
    takenAt: new Date().toISOString(),
  };
  return {
    data,
    lines: [
      `Rouse ${data.rouse} at ${data.commit}, ${data.takenAt}`,
      `${data.cpu}, ${data.cores} cores, ${data.memoryMiB} MiB, ${data.kernel}`,
      `Node.js ${data.node}, workerd ${data.workerd}, miniflare ${data.miniflare}`,
    ],
  };
}

function versionOf(name: string): string {
  const manifest = readFileSync(join(PACKAGE_ROOT, "node_modules", name, "package.json"), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

/** Of this checkout, with a mark when the sources differ from it. */
function commit(): string {
  try {
    const git = (...args: string[]) => execFileSync("git", args, { cwd: PACKAGE_ROOT, encoding: "utf8" }).trim();
    const isChanged = git("status", "--porcelain", "--untracked-files=all", "--", "src", "package-lock.json") !== "";
    return `${git("rev-parse", "--short", "HEAD")}${isChanged ? " with local changes" : ""}`;
  } catch {
    return "no git commit";
  }
}
