/** `completion SHELL` prints a script for the shell; the script asks `__complete`, which knows the tree of commands. */
import { Argument, Command } from "commander";
import { fetchNames } from "../completion/names.ts";
import { completionScript, SHELLS, type Shell } from "../completion/scripts.ts";
import { suggest } from "../completion/suggest.ts";

export function completionCommand(): Command {
  return new Command("completion")
    .description("print a completion script")
    .addArgument(new Argument("<shell>", "your shell").choices(SHELLS))
    .addHelpText(
      "after",
      "\nbash: source <(rouse completion bash)\nzsh:  source <(rouse completion zsh)\nfish: rouse completion fish | source",
    )
    .action((shell: Shell) => console.log(completionScript(shell)));
}

/** @param program the tree that is completed */
export function completeCommand(program: () => Command): Command {
  return new Command("__complete")
    .argument("[words...]", "the command line, without the program; the last word is being written")
    .passThroughOptions()
    .allowUnknownOption()
    .helpOption(false)
    .action(async (words: readonly string[]) => {
      const suggestion = suggest(program(), words);
      const names = suggestion.names === null ? [] : await fetchNames(suggestion.names, words);
      console.log([...suggestion.words, ...names].filter((word) => word.startsWith(words.at(-1) ?? "")).join("\n"));
    });
}
