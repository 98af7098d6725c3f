import { describe, expect, test } from "vitest";
import { MAX_TIMEOUT_SEC, parseWatchOptions } from "../../../src/core/resource/watch-options.ts";

function parse(query: Record<string, string>, random = 0) {
  const parsed = parseWatchOptions((name) => query[name] ?? null, random);
  return parsed.ok ? parsed.options : { code: parsed.status.code, message: parsed.status.message };
}

test("nothing said means from the present state, for half an hour to an hour", () => {
  const nothing = { version: null, sendInitialEvents: null, allowBookmarks: false };
  expect(parse({})).toEqual({ ...nothing, timeoutSec: 1800 });
  expect(parse({}, 0.999)).toEqual({ ...nothing, timeoutSec: 3598 });
  expect(parse({ resourceVersion: "0", timeoutSeconds: "0" })).toEqual({ ...nothing, timeoutSec: 1800 });
});

test("what kn and client-go say is understood", () => {
  expect(parse({ resourceVersion: "42", timeoutSeconds: "630", allowWatchBookmarks: "true" })).toEqual({
    version: 42,
    sendInitialEvents: null,
    allowBookmarks: true,
    timeoutSec: 630,
  });
  const watchList = { sendInitialEvents: "true", resourceVersionMatch: "NotOlderThan", allowWatchBookmarks: "1" };
  expect(parse(watchList)).toMatchObject({ version: null, sendInitialEvents: true, allowBookmarks: true });
  expect(parse({ timeoutSeconds: "86400" })).toMatchObject({ timeoutSec: MAX_TIMEOUT_SEC });
});

describe("refuses", () => {
  test.each([
    [{ resourceVersion: "-1" }, 400, 'invalid resourceVersion "-1"'],
    [{ resourceVersion: "1e3" }, 400, 'invalid resourceVersion "1e3"'],
    [{ timeoutSeconds: "5m" }, 400, 'invalid timeoutSeconds "5m"'],
    [{ sendInitialEvents: "true" }, 422, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"],
    [{ resourceVersionMatch: "Exact" }, 422, "resourceVersionMatch is forbidden for watch unless sendInitialEvents"],
  ])("%j", (query, code, text) => {
    const refused = parse(query as unknown as Record<string, string>);
    expect(refused).toMatchObject({ code, message: expect.stringContaining(text) });
  });
});
