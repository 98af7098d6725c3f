import { expect, it } from "vitest";
import { freshnessOf } from "../../../src/core/routing/freshness.ts";

const DAY_MS = 24 * 3600 * 1000;

it.each([
  [0, "fresh"],
  [2_999, "fresh"],
  [3_000, "refresh"],
  [4_999, "refresh"],
  [5_000, "stale"],
  [DAY_MS - 1, "stale"],
  [DAY_MS, "unusable"],
  [Number.POSITIVE_INFINITY, "unusable"],
])("an entry that is %d ms old is %s", (ageMs, expected) => {
  expect(freshnessOf(ageMs)).toBe(expected);
});
