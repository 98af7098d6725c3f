import { expect, test } from "vitest";
import { RESOURCE_TYPES } from "../../../src/core/resource/resource-type.ts";
import { parseLabelSelector } from "../../../src/core/resource/selector.ts";
import { bookmarkOf, type Change, eventTypeOf } from "../../../src/core/resource/watch-event.ts";

const GOLD = { tier: "gold" };
const TIN = { tier: "tin" };

function eventFor(type: Change["type"], labels: Record<string, string>, labelsBefore: Record<string, string> | null) {
  const selector = parseLabelSelector("tier=gold");
  if (!selector.ok) throw new Error(selector.message);
  const before = labelsBefore === null ? null : { labels: labelsBefore };
  return eventTypeOf({ type, object: { metadata: { name: "x", labels } }, before }, selector.matches);
}

test.each([
  ["a new object that matches", eventFor("ADDED", GOLD, null), "ADDED"],
  ["a new object that does not", eventFor("ADDED", TIN, null), null],
  ["a change of something else", eventFor("MODIFIED", GOLD, null), "MODIFIED"],
  ["a change of another label", eventFor("MODIFIED", { ...GOLD, a: "b" }, GOLD), "MODIFIED"],
  ["labels that come to match", eventFor("MODIFIED", GOLD, TIN), "ADDED"],
  ["labels that stop matching", eventFor("MODIFIED", TIN, GOLD), "DELETED"],
  ["labels that never matched", eventFor("MODIFIED", TIN, {}), null],
  ["a deletion of what matched", eventFor("DELETED", GOLD, null), "DELETED"],
  ["a deletion of what did not", eventFor("DELETED", TIN, null), null],
])("%s", (_, actual, expected) => {
  expect(actual).toBe(expected);
});

test("a bookmark has the names of its type, a resourceVersion and nothing else", () => {
  expect(bookmarkOf(RESOURCE_TYPES.CoreService, "7", false)).toEqual({
    kind: "Service",
    apiVersion: "v1",
    metadata: { resourceVersion: "7" },
  });
});
