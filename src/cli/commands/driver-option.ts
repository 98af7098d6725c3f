/** How pods run: the drivers of this version, in one place for every option that names one. */
import { InvalidArgumentError, Option } from "commander";

/** What agents can do; the first is the default. */
const PRESENT = ["process"] as const;
/** Names that the API knows and no agent of this version can do. */
const PLANNED: readonly string[] = ["docker"];

export type Driver = (typeof PRESENT)[number];
/** `auto` leaves the choice to the agent. */
export type DriverChoice = Driver | "auto";

const CHOICES: readonly DriverChoice[] = [...PRESENT, "auto"];

export function driverOption(): Option {
  return new Option("--driver <driver>", "how pods run").choices(CHOICES).argParser(driverChoice);
}

/** What an agent offers for a choice, the default first. */
export function driversFor(choice: DriverChoice): readonly Driver[] {
  return choice === "auto" ? PRESENT : [choice];
}

export function driverChoice(text: string): DriverChoice {
  return nameIn(CHOICES, text);
}

/** Comma separated, as an agent takes them. */
export function driverNames(text: string): string {
  for (const name of text.split(",")) nameIn(PRESENT, name.trim());
  return text;
}

function nameIn<Name extends string>(names: readonly Name[], text: string): Name {
  const found = names.find((name) => name === text);
  if (found !== undefined) return found;
  const why = PLANNED.includes(text) ? `This version has no ${text} driver. ` : "";
  throw new InvalidArgumentError(`${why}Allowed choices are ${names.join(", ")}.`);
}
