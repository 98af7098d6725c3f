/**
 * The `rouse` command: one file per verb in commands/. Reports failures as what happened and what to do next, on stderr,
 * with the exit code that cli-error.ts has for it.
 */
import { CommanderError } from "commander";
import { CliError, EXIT_CODES, messageOf } from "./cli-error.ts";
import { createProgram } from "./program.ts";
import { paintWord } from "./text/colour.ts";
import { indent } from "./text/table.ts";

// A reader that went away (`rouse service list | head`) is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

try {
  await createProgram().parseAsync();
} catch (error) {
  const exitCode = report(error);
  // At once: the supervisor's pipe, or a socket, would keep the process alive.
  process.exit(exitCode);
}

/** @returns the exit code */
function report(error: unknown): number {
  // Commander has said what is wrong with the command line, or has shown what was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_CODES.usage;
  if (!(error instanceof CliError)) {
    console.error(
      process.env.ROUSE_DEBUG === undefined ? `${paintWord("error")}: unexpected: ${messageOf(error)}` : error,
    );
    console.error("  This is a bug of rouse; with ROUSE_DEBUG=1 it says where.");
    return EXIT_CODES.failed;
  }
  console.error(`${paintWord("error")}: ${indent(error.message).trimStart()}`);
  if (error.remedy !== "") console.error(indent(error.remedy));
  return error.exitCode;
}
