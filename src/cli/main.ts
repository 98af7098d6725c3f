/**
 * The `rouse` command: one file per verb in commands/. Reports failures as what happened and what to do next, on stderr,
 * with a non-zero exit code.
 */
import { Command } from "commander";
import { CliError } from "./cli-error.ts";
import { agentCommand } from "./commands/agent.ts";
import { applyCommand } from "./commands/apply.ts";
import { initCommand } from "./commands/init.ts";
import { serviceCommand } from "./commands/service.ts";
import { tokenCommand } from "./commands/token.ts";
import { upCommand } from "./commands/up.ts";
import { versionCommand } from "./commands/version.ts";
import { packageVersion } from "./package-root.ts";

const program = new Command("rouse")
  .description("Services that sleep: the first request wakes them.")
  .version(packageVersion(), "-V, --version")
  .showHelpAfterError("(add --help for the options)")
  .addCommand(upCommand())
  .addCommand(agentCommand())
  .addCommand(applyCommand())
  .addCommand(serviceCommand())
  .addCommand(tokenCommand())
  .addCommand(initCommand())
  .addCommand(versionCommand());

// A reader that went away (`rouse service list | head`) is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

try {
  await program.parseAsync();
} catch (error) {
  report(error);
  // At once: the supervisor's pipe, or a socket, would keep the process alive.
  process.exit(1);
}

function report(error: unknown): void {
  if (!(error instanceof CliError)) {
    console.error(error);
    return;
  }
  console.error(`error: ${error.message}`);
  if (error.remedy !== "") console.error(`  ${error.remedy.replaceAll("\n", "\n  ")}`);
}
