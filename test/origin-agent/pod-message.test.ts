import { describe, expect, it } from "vitest";
import { deadlineMessage, exitMessage } from "../../src/origin-agent/pod-message.ts";

const NODE_ERROR = `node:internal/modules/cjs/loader:1404
  throw err;
  ^

Error: Cannot find module '/srv/server.js'
    at node:internal/main/run_main_module:36:49 {
  code: 'MODULE_NOT_FOUND',
  requireStack: []
}

Node.js v24.1.0`;

describe("the message of a pod that ended", () => {
  it.each([
    ["its last line", "starting\nno database", "no database"],
    ["the error instead of its stack and what Node writes below it", NODE_ERROR, /^Error: Cannot find module '\/srv/],
    ["the error below a stack of Python", 'Traceback:\n  File "a.py", line 1\nValueError: bad', "ValueError: bad"],
    ["the last line when all are indented", "  a\n  }", "}"],
    ["a long line up to 300 characters", `a\n${"x".repeat(1_000)}`, `${"x".repeat(300)}…`],
  ])("has on its first line %s", (_, output, words) => {
    const [first = "", heading, ...quoted] = exitMessage({ exitCode: 1 }, output).split("\n");
    expect(first).toMatch(/^exited with code 1: /);
    expect(first.slice("exited with code 1: ".length)).toEqual(
      typeof words === "string" ? words : expect.stringMatching(words),
    );
    expect([heading, quoted.join("\n")]).toEqual(["last lines of its output:", output]);
  });

  it("is one line when its output was one", () => {
    expect(exitMessage({ exitCode: 3 }, "no database")).toBe("exited with code 3: no database");
  });

  it("says that there was no output", () => {
    expect(exitMessage({ signal: "SIGKILL" }, "")).toBe("ended by SIGKILL; it wrote no output");
  });
});

it("the message of a pod that was never ready begins with what its probe met", () => {
  const message = deadlineMessage(5, "GET http://127.0.0.1:1/ answered 503", "listening");
  expect(message).toBe(
    "not ready within 5 s: GET http://127.0.0.1:1/ answered 503\nlast lines of its output:\nlistening",
  );
});
