import { describe, expect, it } from "vitest";
import { parseDurationMs } from "../../src/core/duration.ts";

describe("parseDurationMs", () => {
  it.each([
    ["0", 0],
    ["-0", 0],
    ["0s", 0],
    ["90s", 90_000],
    ["1m30s", 90_000],
    ["1h0m0.5s", 3_600_500],
    ["1.5h", 5_400_000],
    [".5m", 30_000],
    ["5.s", 5_000],
    ["250ms", 250],
    ["1500us", 1.5],
    ["2µs", 0.002],
    ["2μs", 0.002],
    ["1ns", 0.000001],
    ["-1m", -60_000],
    ["+3s", 3_000],
    ["5.999s", 5_999],
    ["0.3s0.1s", 400],
    ["2540400h", 9_145_440_000_000],
  ])("reads %s as %d ms", (text, wantMs) => {
    expect(parseDurationMs(text)).toBe(wantMs);
  });

  it.each(["", "30", "s", ".s", "1 s", " 1s", "1s ", "1d", "1S", "--1s", "1e3s", "3000000h"])(
    "refuses %j, as Go does",
    (text) => {
      expect(parseDurationMs(text)).toBeNull();
    },
  );

  it("cuts what is finer than a nanosecond off", () => {
    expect(parseDurationMs("1.9ns")).toBe(0.000001);
  });
});
