import { expect, it } from "vitest";
import { parse } from "yaml";
import { documentText } from "../../src/cli/text/machine.ts";

it.each(["yes", "off", "n", "12:30", "1_000", "2026-01-01", "012", "null"])(
  "YAML keeps the text %j a text for kubectl",
  (value) => {
    const text = documentText("yaml", { value });
    expect(parse(text, { version: "1.1" })).toEqual({ value });
    expect(parse(text)).toEqual({ value });
  },
);
