/** What repeated flags of the form `NAME=value` say, with `NAME-` to take something away. Later ones win. */
import { usage } from "../cli-error.ts";
import type { TextMap } from "./editable-service.ts";

export type Assignments = {
  /** In the order in which they were given. */
  readonly set: ReadonlyMap<string, string>;
  readonly remove: ReadonlySet<string>;
};

/**
 * @param flag names the flag in errors, e.g. `--env`
 * @param allowsBareNames `NAME` alone means an empty value (labels and annotations)
 * @throws CliError for anything of another form
 */
export function parseAssignments(flag: string, values: readonly string[], allowsBareNames = false): Assignments {
  const set = new Map<string, string>();
  const remove = new Set<string>();
  for (const text of values) {
    const [, name = "", value] = /^([^=]*)(?:=([\s\S]*))?$/.exec(text) ?? [];
    const isRemoval = value === undefined && name.endsWith("-");
    if (name === "" || name === "-" || (value === undefined && !isRemoval && !allowsBareNames)) {
      throw usage(`${flag} expects NAME=value, or NAME- to remove it; given '${text}'`);
    }
    const key = isRemoval ? name.slice(0, -1) : name;
    set.delete(key);
    remove.delete(key);
    if (isRemoval) remove.add(key);
    else set.set(key, value ?? "");
  }
  return { set, remove };
}

/** @returns undefined when nothing is left */
export function assign(map: TextMap | undefined, { set, remove }: Assignments): TextMap | undefined {
  const entries = [...Object.entries(map ?? {}).filter(([name]) => !remove.has(name)), ...set];
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** Items that were separated by commas, by repeating the flag, or both. */
export function splitList(values: readonly string[]): string[] {
  return values.flatMap((value) => value.split(",")).filter((item) => item !== "");
}
