import { CliError } from "../cli-error.ts";

/**
 * Does something for each name; one that fails stops no other.
 * @throws CliError with what went wrong, of each that failed
 */
export async function forEachName(names: readonly string[], act: (name: string) => Promise<void>): Promise<void> {
  const problems: CliError[] = [];
  for (const name of names) {
    try {
      await act(name);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      problems.push(error);
    }
  }
  const [first, ...others] = problems;
  if (first === undefined) return;
  if (others.length === 0) throw first;
  throw new CliError(problems.map(({ message }) => message).join("\n  "), "", { cause: first });
}
