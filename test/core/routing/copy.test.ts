import { describe, expect, it } from "vitest";
import type { RouteEntry } from "../../../src/core/protocol/objects.ts";
import { copyRetryMs, formatRouteCopy, parseRouteCopy, routeCopyKey } from "../../../src/core/routing/copy.ts";

const HOST = "hello.default.example.com";
const ENTRY: RouteEntry = {
  host: HOST,
  routeUid: "route-1",
  namespace: "default",
  route: "hello",
  visibility: "external",
  targets: [{ revisionUid: "rev-1", revision: "hello-00001", percent: 100, timeoutSec: 300 }],
  generation: 17,
};

/** The copy of ENTRY with changes to the entry. */
function copyWith(changes: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ version: 1, entry: { ...ENTRY, ...changes } });
}

describe("the copy of a route", () => {
  it("reads as what was written", () => {
    expect(parseRouteCopy(formatRouteCopy(ENTRY), HOST)).toEqual(ENTRY);
  });

  it("names its format, and its key the host", () => {
    expect(JSON.parse(formatRouteCopy(ENTRY))).toMatchObject({ version: 1, entry: { generation: 17 } });
    expect(routeCopyKey(HOST)).toBe("route:hello.default.example.com");
  });

  it("with fields that a later version added is read", () => {
    expect(parseRouteCopy(copyWith({ colour: "green" }), HOST)).toMatchObject({ generation: 17 });
  });

  it.each([
    ["nothing", null],
    ["no JSON", "<html>"],
    ["no object", "[]"],
    ["another version", JSON.stringify({ version: 2, entry: ENTRY })],
    ["another host", copyWith({ host: "other.default.example.com" })],
    ["no targets", copyWith({ targets: undefined })],
    ["a target without a revision", copyWith({ targets: [{ percent: 100, timeoutSec: 300 }] })],
    ["an unknown visibility", copyWith({ visibility: "secret" })],
  ])("tells nothing when it is %s", (_, text) => {
    expect(parseRouteCopy(text, HOST)).toBeNull();
  });
});

it("a failed write is tried again after 2 s, then twice as long each time, up to 5 minutes", () => {
  expect([1, 2, 3, 8, 9, 1_000].map(copyRetryMs)).toEqual([2_000, 4_000, 8_000, 256_000, 300_000, 300_000]);
});
