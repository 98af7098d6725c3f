/** The tree of commands: nouns and verbs as kn has them, and Rouse's own. */
import { Command } from "commander";
import { agentCommand } from "./commands/agent.ts";
import { applyCommand } from "./commands/apply.ts";
import { completeCommand, completionCommand } from "./commands/completion.ts";
import { domainCommand } from "./commands/domain.ts";
import { initCommand } from "./commands/init.ts";
import { revisionCommand } from "./commands/revision.ts";
import { routeCommand } from "./commands/route.ts";
import { serviceCommand } from "./commands/service.ts";
import { tokenCommand } from "./commands/token.ts";
import { upCommand } from "./commands/up.ts";
import { versionCommand } from "./commands/version.ts";
import { packageVersion } from "./package-root.ts";

export function createProgram(): Command {
  const program = new Command("rouse")
    .description("Services that sleep: the first request wakes them.")
    .version(packageVersion(), "-V, --version")
    .enablePositionalOptions()
    .addCommand(upCommand())
    .addCommand(serviceCommand())
    .addCommand(revisionCommand())
    .addCommand(routeCommand())
    .addCommand(domainCommand())
    .addCommand(applyCommand())
    .addCommand(agentCommand())
    .addCommand(tokenCommand())
    .addCommand(initCommand())
    .addCommand(completionCommand())
    .addCommand(versionCommand());
  program.addCommand(
    completeCommand(() => program),
    { hidden: true },
  );
  configure(program);
  return program;
}

/** A wrong option says which, names the nearest that there is, and throws, so that main.ts decides how to end. */
function configure(command: Command): void {
  command.exitOverride().showHelpAfterError("(add --help for the options)").showSuggestionAfterError();
  for (const child of command.commands) configure(child);
}
