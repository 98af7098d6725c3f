import { describe, expect, it } from "vitest";
import { parseProcessStat } from "../../src/core/process-stat.ts";

/** Fields as proc_pid_stat(5) numbers them: 3 state, 4 ppid, 22 starttime; the others are told apart by their number. */
function line(name: string, state: string): string {
  const fields = Array.from({ length: 50 }, (_, index) => String(1_000 + index + 3));
  return `4711 (${name}) ${[state, "42", ...fields.slice(2)].join(" ")}\n`;
}

describe("a line of /proc/<pid>/stat", () => {
  it.each(["node", "tmux: server", "a) S 1 (b", "((sd-pam))", "two\nlines"])("is read around the name %j", (name) => {
    expect(parseProcessStat(line(name, "S"))).toEqual({ name, hasEnded: false, parentPid: 42, startTicks: "1022" });
  });

  it.each([
    ["R", false],
    ["D", false],
    ["T", false],
    ["Z", true],
    ["X", true],
  ])("in state %s tells whether the process has ended: %s", (state, hasEnded) => {
    expect(parseProcessStat(line("sh", state))?.hasEnded).toBe(hasEnded);
  });

  it.each(["", "4711", "4711 (sh)", "4711 (sh) S 42 1 1"])("is not %j", (text) => {
    expect(parseProcessStat(text)).toBeNull();
  });
});
