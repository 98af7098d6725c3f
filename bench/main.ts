/**
 * `npm run bench`: measures Rouse on this machine and prints aligned tables.
 *
 *     node bench/main.ts [--only cold|warm|routes|api|memory|idle]... [--quick] [--json FILE|-]
 *
 * Every number stands beside what it is compared with, taken in turn in the same run: docs/benchmarks.md says how.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command, Option } from "commander";
import { CliError } from "../src/cli/cli-error.ts";
import { describeMachine } from "./machine.ts";
import { renderSection } from "./report.ts";
import type { Section, SectionOptions, SectionRun } from "./section.ts";
import { measureApi } from "./sections/api.ts";
import { measureCold } from "./sections/cold.ts";
import { measureIdle } from "./sections/idle.ts";
import { measureMemory } from "./sections/memory.ts";
import { measureRoutes } from "./sections/routes.ts";
import { measureWarm } from "./sections/warm.ts";

const SECTIONS: Readonly<Record<string, SectionRun>> = {
  cold: measureCold,
  warm: measureWarm,
  routes: measureRoutes,
  api: measureApi,
  memory: measureMemory,
  idle: measureIdle,
};

type Flags = { readonly only?: readonly string[]; readonly quick: boolean; readonly json?: string };

const flags = new Command("bench")
  .description("measure cold starts, the warm path, routes, the API, memory and the cost at zero")
  .addOption(new Option("--only <section...>", "only these sections").choices(Object.keys(SECTIONS)))
  .option("--quick", "fewer and shorter rounds: a look, not a measurement", false)
  .option("--json <file>", "also write the numbers as JSON; - is stdout, and the tables go to stderr")
  .parse()
  .opts<Flags>();

const folder = mkdtempSync(join(tmpdir(), "rouse-bench-"));
try {
  await run(flags, folder);
  rmSync(folder, { recursive: true, force: true });
  process.exit(0); // Sockets of a library must not keep us from ending.
} catch (error) {
  console.error(error instanceof CliError ? [`error: ${error.message}`, error.remedy].join("\n  ") : error);
  console.error(`The logs are in ${folder}.`);
  process.exit(1);
}

async function run({ only, quick, json }: Flags, stateRoot: string): Promise<void> {
  const print = json === "-" ? console.error : console.log;
  const machine = await describeMachine();
  print(machine.lines.join("\n"));
  if (quick) print("quick run: few and short rounds, take the numbers as a hint");

  const sections: Record<string, Section["data"]> = {};
  for (const name of Object.keys(SECTIONS).filter((each) => only === undefined || only.includes(each))) {
    const options: SectionOptions = { isQuick: quick, stateDir: join(stateRoot, name), progress };
    const section = await (SECTIONS[name] as SectionRun)(options);
    progress("");
    print(`\n${renderSection(section)}`);
    sections[name] = section.data;
  }
  if (json === undefined) return;
  const text = `${JSON.stringify({ ...machine.data, isQuick: quick, sections }, null, 2)}\n`;
  if (json === "-") process.stdout.write(text);
  else writeFileSync(json, text);
}

/** One line on a terminal that the next one replaces. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
