import { expect, it } from "vitest";
import { FRESH_FOR_MS, freshnessOf, outageOf, RESOLVE_TIMEOUT_MS } from "../../../src/core/routing/freshness.ts";

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

it.each([
  [0, "down"],
  [999, "down"],
  [1_000, "probe"],
  [2_999, "probe"],
  [3_000, "over"],
  [Number.POSITIVE_INFINITY, "over"],
])("%i ms after the route table did not answer the outage is %s", (sinceMs, outage) => {
  expect(outageOf(sinceMs)).toBe(outage);
});

it("a table that is back right after it lost a question is asked again within the freshness bound", () => {
  const lastMs = Array.from({ length: 10_000 }, (_, ms) => ms).findLast((ms) => outageOf(ms) !== "over") ?? 0;
  expect(RESOLVE_TIMEOUT_MS + lastMs).toBeLessThan(FRESH_FOR_MS);
});
