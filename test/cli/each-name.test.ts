import { expect, it } from "vitest";
import { CliError, EXIT_CODES } from "../../src/cli/cli-error.ts";
import { forEachName } from "../../src/cli/commands/each-name.ts";

/** @returns the names that were acted on, and the error */
async function run(failures: Readonly<Record<string, keyof typeof EXIT_CODES>>) {
  const seen: string[] = [];
  const act = async (name: string) => {
    seen.push(name);
    const exitCode = failures[name];
    if (exitCode !== undefined) throw new CliError(`${name} ${exitCode}`, "", { exitCode });
  };
  const error: unknown = await forEachName(["a", "b", "c"], act).catch((reason: unknown) => reason);
  return { seen, error };
}

it("goes on after one that failed, and tells of each", async () => {
  const { seen, error } = await run({ a: "notReady", c: "notReady" });
  expect(seen).toEqual(["a", "b", "c"]);
  expect(error).toMatchObject({ message: "a notReady\n  c notReady", exitCode: EXIT_CODES.notReady });
});

it.each(["interrupted", "unreachable"] as const)("leaves the others alone once one is %s", async (exitCode) => {
  const { seen, error } = await run({ a: "failed", b: exitCode });
  expect(seen).toEqual(["a", "b"]);
  expect(error).toMatchObject({ exitCode: EXIT_CODES[exitCode] });
});
