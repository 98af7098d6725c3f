import { expect, it } from "vitest";
import { normalizeTarget } from "../../src/worker/target.ts";

it.each([
  ["/", "/"],
  ["/a//b?x=/../y", "/a//b?x=/../y"],
  ["/../zzz", "/zzz"],
  ["/a/%2e%2e/%2E%2e/zzz", "/zzz"],
  ["/a/.%2e/b", "/b"],
  ["/..\\x", "/x"],
  ["/.well-known/x?q=%20", "/.well-known/x?q=%20"],
  ["/a/./b", "/a/b"],
])("makes %s into %s", (target, expected) => {
  expect(normalizeTarget(target)).toBe(expected);
});
