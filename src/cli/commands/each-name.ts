import { CliError, EXIT_CODES } from "../cli-error.ts";

/** Ctrl-C is meant for all of them, and an edge that does not answer will not answer for the next one either. */
const ENDING: readonly number[] = [EXIT_CODES.interrupted, EXIT_CODES.unreachable];

/**
 * Does something for each name; one that fails stops no other, unless by Ctrl-C or for want of an edge.
 * @throws CliError with what went wrong, of each that failed, and the exit code of the last one
 */
export async function forEachName(names: readonly string[], act: (name: string) => Promise<void>): Promise<void> {
  const problems: CliError[] = [];
  for (const name of names) {
    try {
      await act(name);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      problems.push(error);
      if (ENDING.includes(error.exitCode)) break;
    }
  }
  const last = problems.at(-1);
  if (last === undefined) return;
  if (problems.length === 1) throw last;
  throw new CliError(problems.map(({ message }) => message).join("\n  "), "", { cause: last, exitCode: last.exitCode });
}
