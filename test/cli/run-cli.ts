/** Runs a command line in this process against a fake API. */
import { CommanderError } from "commander";
import { vi } from "vitest";
import { CliError, EXIT_CODES } from "../../src/cli/cli-error.ts";
import { createProgram } from "../../src/cli/program.ts";

export type CliRun = {
  readonly out: string;
  /** What was printed on stderr, and behind it the error with its remedy. */
  readonly err: string;
  readonly exitCode: number;
};

/**
 * @param edgeUrl of the API; given to the command as --edge
 * @param onLine told each line of stdout as it is printed
 */
export async function runCli(
  args: readonly string[],
  edgeUrl?: string,
  onLine: (line: string) => void = () => {},
): Promise<CliRun> {
  vi.stubEnv("ROUSE_ADMIN_TOKEN", "t");
  const out: string[] = [];
  const err: string[] = [];
  const spies = [
    vi.spyOn(console, "log").mockImplementation((text: string) => {
      out.push(text);
      onLine(text);
    }),
    vi.spyOn(console, "error").mockImplementation((text: string) => void err.push(text)),
    vi.spyOn(process.stderr, "write").mockImplementation((text) => err.push(String(text).trimEnd()) > 0),
    vi.spyOn(process.stdout, "write").mockImplementation((text) => out.push(String(text).trimEnd()) > 0),
  ];
  let exitCode = 0;
  try {
    const edge = edgeUrl === undefined ? [] : ["--edge", edgeUrl];
    await createProgram().parseAsync([...args, ...edge], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) exitCode = error.exitCode === 0 ? 0 : EXIT_CODES.usage;
    else if (error instanceof CliError) {
      exitCode = error.exitCode;
      err.push(error.message, error.remedy);
    } else throw error;
  } finally {
    for (const spy of spies) spy.mockRestore();
    vi.unstubAllEnvs();
  }
  return { out: out.join("\n"), err: err.join("\n"), exitCode };
}
