/** What may stand at the end of a command line: nouns, verbs, options, their values, or names of objects. */
import type { Command, Option } from "commander";

export type NameKind = "service" | "revision" | "route" | "domain" | "agent" | "namespace";

export type Suggestion = {
  readonly words: readonly string[];
  /** Objects whose names fit; null = none. */
  readonly names: NameKind | null;
};

const NOTHING: Suggestion = { words: [], names: null };
const NOUNS: readonly string[] = ["service", "revision", "route", "domain", "agent"] satisfies NameKind[];
/** Options whose value is a name, or begins with one. */
const NAME_OPTIONS: ReadonlyMap<string, NameKind> = new Map([
  ["--service", "service"],
  ["--ref", "service"],
  ["--traffic", "revision"],
  ["--tag", "revision"],
  ["--namespace", "namespace"],
]);
/** Verbs whose argument is a name that there is. */
const EXISTING = ["update", "describe", "delete", "export", "list", "apply", "wait"];

/**
 * @param words the command line without the program's name; the last one is being written and may be ""
 */
export function suggest(program: Command, words: readonly string[]): Suggestion {
  const current = words.at(-1) ?? "";
  let command = program;
  let expecting: Option | undefined;
  let argumentCount = 0;
  for (const word of words.slice(0, -1)) {
    if (expecting !== undefined) expecting = undefined;
    else if (word.startsWith("-")) expecting = takesValue(command, word);
    else {
      const child = command.commands.find((each) => each.name() === word || each.aliases().includes(word));
      if (child === undefined) argumentCount += 1;
      else command = child;
    }
  }
  if (expecting !== undefined) return valuesOf(expecting);
  if (current.startsWith("-")) return { words: optionNames(command), names: null };
  const verbs = command.commands.map((each) => each.name()).filter((name) => !name.startsWith("__"));
  if (verbs.length > 0 && argumentCount === 0) return { words: verbs, names: null };
  return argumentsOf(command, argumentCount);
}

function takesValue(command: Command, word: string): Option | undefined {
  if (word.includes("=")) return undefined;
  const option = command.options.find(({ short, long }) => word === short || word === long);
  return option?.required === true ? option : undefined;
}

function valuesOf(option: Option): Suggestion {
  if (option.argChoices !== undefined) return { words: option.argChoices, names: null };
  return { words: [], names: NAME_OPTIONS.get(option.long ?? "") ?? null };
}

function optionNames(command: Command): string[] {
  return [...command.options.flatMap(({ long, hidden }) => (hidden || !long ? [] : [long])), "--help"];
}

function argumentsOf(command: Command, argumentCount: number): Suggestion {
  const last = command.registeredArguments.at(-1);
  const argument = command.registeredArguments[argumentCount] ?? (last?.variadic === true ? last : undefined);
  if (argument === undefined) return NOTHING;
  if (argument.argChoices !== undefined) return { words: argument.argChoices, names: null };
  const noun = command.parent?.name() ?? "";
  const isName = NOUNS.includes(noun) && EXISTING.includes(command.name());
  return isName ? { words: [], names: noun as NameKind } : NOTHING;
}
