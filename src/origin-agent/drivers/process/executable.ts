/**
 * Finds the program of a command line before it is started, so that a typing error is told as one, at once and by name.
 */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join, resolve } from "node:path";

export type ExecutableLookup =
  | { readonly kind: "found"; readonly path: string }
  | { readonly kind: "missing"; readonly message: string };

/**
 * @param command as in the template: a path (relative to the working directory) or a name looked up in `searchPath`
 * @param searchPath the pod's PATH
 */
export function findExecutable(command: string, workingDir: string, searchPath: string): ExecutableLookup {
  if (command.includes("/")) {
    const path = isAbsolute(command) ? command : resolve(workingDir, command);
    const problem = problemOf(path);
    if (problem === null) return { kind: "found", path };
    return missing(`command: "${command}" (${path}) ${problem}${argumentsHint(command)}`);
  }
  let denied: string | null = null;
  for (const folder of searchPath.split(delimiter)) {
    const path = join(isAbsolute(folder) ? folder : resolve(workingDir, folder), command);
    const problem = problemOf(path);
    if (problem === null) return { kind: "found", path };
    if (problem !== DOES_NOT_EXIST) denied = `command: "${command}" (${path}) ${problem}`;
  }
  const folders = `(${shortened(searchPath)}) of the agent's machine`;
  return missing(denied ?? `command: "${command}" was not found in PATH ${folders}${argumentsHint(command)}`);
}

/** @returns null when the folder exists, else a sentence for people */
export function workingDirProblem(workingDir: string): string | null {
  try {
    return statSync(workingDir).isDirectory() ? null : `workingDir: "${workingDir}" is not a folder`;
  } catch {
    return `workingDir: "${workingDir}" does not exist on the agent's machine`;
  }
}

const MAX_FOLDERS_TOLD = 3;
const DOES_NOT_EXIST = "does not exist on the agent's machine";

/** What people mean who write a command line as the command. */
function argumentsHint(command: string): string {
  const [program = "", ...args] = command.trim().split(/\s+/);
  if (args.length === 0) return "";
  return `: "${program}" is the command, the rest of it belongs in args (--arg), one by one`;
}

function shortened(searchPath: string): string {
  const folders = [...new Set(searchPath.split(delimiter))];
  const more = folders.length - MAX_FOLDERS_TOLD;
  return more <= 0 ? folders.join(delimiter) : `${folders.slice(0, MAX_FOLDERS_TOLD).join(delimiter)} and ${more} more`;
}

function problemOf(path: string): string | null {
  try {
    if (!statSync(path).isFile()) return "is not a file";
  } catch {
    return DOES_NOT_EXIST;
  }
  try {
    accessSync(path, constants.X_OK);
    return null;
  } catch {
    return "may not be executed: set its x permission";
  }
}

function missing(message: string): ExecutableLookup {
  return { kind: "missing", message };
}
