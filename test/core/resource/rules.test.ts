import { describe, expect, test } from "vitest";
import { nextConditions } from "../../../src/core/resource/conditions.ts";
import { formatFieldErrors } from "../../../src/core/resource/field-error.ts";
import { jsonEqual, mergePatch, nestingDepth } from "../../../src/core/resource/json.ts";
import { parseFieldSelector, parseLabelSelector } from "../../../src/core/resource/selector.ts";
import { service } from "../reconcile/fixtures.ts";

describe("conditions", () => {
  const T0 = Date.UTC(2026, 0, 31, 12);
  const wish = (type: string, status: "True" | "False" | "Unknown", reason = "", isInformational = false) => ({
    type,
    status,
    reason,
    isInformational,
  });
  const readyOf = (conditions: ReturnType<typeof nextConditions>) =>
    conditions.find((condition) => condition.type === "Ready");

  test("Ready is False before it is Unknown, and True only when all dependents are", () => {
    const both = nextConditions(undefined, [wish("A", "Unknown", "U"), wish("B", "False", "F")], T0);
    expect(readyOf(both)).toMatchObject({ status: "False", reason: "F" });
    const unknown = nextConditions(undefined, [wish("A", "Unknown", "U"), wish("B", "True")], T0);
    expect(readyOf(unknown)).toMatchObject({ status: "Unknown", reason: "U" });
    const informational = nextConditions(
      undefined,
      [wish("A", "True"), wish("Active", "False", "NoTraffic", true)],
      T0,
    );
    expect(readyOf(informational)).toEqual({
      type: "Ready",
      status: "True",
      lastTransitionTime: "2026-01-31T12:00:00Z",
    });
  });

  test("the dependent that changed last gives Ready its reason", () => {
    const first = nextConditions(undefined, [wish("A", "False", "old"), wish("B", "True")], T0);
    const second = nextConditions(first, [wish("A", "False", "old"), wish("B", "False", "new")], T0 + 5_000);
    expect(readyOf(second)).toMatchObject({ reason: "new" });
  });

  test("lastTransitionTime stays while the condition is the same", () => {
    const first = nextConditions(undefined, [wish("A", "True")], T0);
    expect(nextConditions(first, [wish("A", "True")], T0 + 60_000)).toEqual(first);
    const changed = nextConditions(first, [wish("A", "Unknown", "why")], T0 + 60_000);
    expect(changed.map((condition) => condition.lastTransitionTime)).toEqual([
      "2026-01-31T12:01:00Z",
      "2026-01-31T12:01:00Z",
    ]);
  });
});

test("field errors share a line when they share a message, and are sorted", () => {
  const text = formatFieldErrors([
    { message: "missing field(s)", paths: ["b"] },
    { message: "invalid value: 1", paths: ["x"], details: "why" },
    { message: "missing field(s)", paths: ["a"] },
  ]);
  expect(text).toBe("invalid value: 1: x\nwhy\nmissing field(s): a, b");
});

test("a merge patch follows the examples of RFC 7396 appendix A", () => {
  expect(mergePatch({ a: "b" }, { a: "c" })).toEqual({ a: "c" });
  expect(mergePatch({ a: "b", b: "c" }, { a: null })).toEqual({ b: "c" });
  expect(mergePatch({ a: [{ b: "c" }] }, { a: [1] })).toEqual({ a: [1] });
  expect(mergePatch({ a: { b: "c" } }, { a: { b: "d", c: null } })).toEqual({ a: { b: "d" } });
  expect(mergePatch({ e: null }, { a: 1 })).toEqual({ e: null, a: 1 });
  expect(mergePatch({}, { a: { bb: { ccc: null } } })).toEqual({ a: { bb: {} } });
  expect(mergePatch(["a", "b"], ["c", "d"])).toEqual(["c", "d"]);
  expect(mergePatch({ a: "foo" }, null)).toBeNull();
});

test("JSON is compared by value, whatever the order of members", () => {
  expect(jsonEqual({ a: 1, b: [{ c: 2 }] }, { b: [{ c: 2 }], a: 1 })).toBe(true);
  expect(jsonEqual({ a: undefined }, {})).toBe(true);
  expect(jsonEqual({ a: null }, {})).toBe(false);
  expect(jsonEqual([1, 2], [2, 1])).toBe(false);
});

test("nesting is counted outside strings, and no further than the limit", () => {
  expect(nestingDepth('{"a":[1,{"b":"[[[["}]}', 100)).toBe(3);
  expect(nestingDepth('"\\"[["', 100)).toBe(0);
  expect(nestingDepth("[".repeat(5_000), 100)).toBe(101);
});

describe("selectors", () => {
  const object = { ...service("hello"), metadata: { ...service("hello").metadata, labels: { app: "x", tier: "web" } } };
  test.each([
    ["", true],
    ["app=x", true],
    ["app==x,tier!=db", true],
    ["app=y", false],
    ["missing!=x", true],
    ["tier", true],
    ["!tier", false],
    ["app in (x,y),tier notin (db)", true],
    ["app in (y)", false],
    ["app in(x,y),,tier", true],
    ["kubernetes.io/name notin (a)", true],
  ])("label selector %j selects: %s", (text, isSelected) => {
    const parsed = parseLabelSelector(text);
    expect(parsed.ok && parsed.matches(object)).toBe(isSelected);
  });

  test("a selector that cannot be parsed is refused by name", () => {
    for (const text of ["a=b=c", "app>1", "@=x", "app=a@b", "app in (x@y)", "app in (x", "!"]) {
      const message = `unable to parse requirement: ${JSON.stringify(text)}`;
      expect(parseLabelSelector(text)).toEqual({ ok: false, message });
    }
    expect(parseFieldSelector("status.phase=x")).toMatchObject({ ok: false });
    const byName = parseFieldSelector("metadata.name=hello");
    expect(byName.ok && byName.matches(object)).toBe(true);
  });
});
