import { expect, it } from "vitest";
import { findExecutable } from "../../../../src/origin-agent/drivers/process/executable.ts";

it("a program that is in no folder of PATH is told with the first of them only", () => {
  const path = ["/no/a", "/no/a", "/no/b", "/no/c", "/no/d", "/no/e"].join(":");
  expect(findExecutable("serve", "/tmp", path)).toEqual({
    kind: "missing",
    message: 'command: "serve" was not found in PATH (/no/a:/no/b:/no/c and 2 more) of the agent\'s machine',
  });
});

it.each(["node server.cjs", "/no/bin/node server.cjs"])("the command line %j is told to be split", (command) => {
  const found = findExecutable(command, "/tmp", "/no/a");
  expect(found.kind === "missing" && found.message).toMatch(
    /: "\S*node" is the command, the rest of it belongs in args \(--arg\), one by one$/,
  );
});
