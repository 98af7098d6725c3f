import { expect, test } from "vitest";
import {
  differenceStart,
  differencesOf,
  digestVersion,
  withMissing,
} from "../../../src/core/resource/watch-difference.ts";

const listed = (uid: string, resourceVersion = "1", name = uid) => ({ metadata: { name, uid, resourceVersion } });
const summary = (events: ReturnType<typeof differencesOf>) =>
  events.map(({ type, object }) => `${type} ${(object as ReturnType<typeof listed>).metadata.uid}`);

test("what went, what came and what changed", () => {
  const before = [listed("same"), listed("old"), listed("gone")];
  const after = [listed("new"), listed("old", "2"), listed("same")];
  expect(summary(differencesOf(before, after))).toEqual(["DELETED gone", "ADDED new", "MODIFIED old"]);
});

test("an object made anew under an old name goes and comes", () => {
  expect(summary(differencesOf([listed("uid-1")], [listed("uid-2")]))).toEqual(["DELETED uid-1", "ADDED uid-2"]);
});

test("what is missing once is kept, what is missing twice or was replaced is not", () => {
  const known = [listed("here"), listed("once"), listed("twice"), listed("old", "1", "taken")];
  const found = withMissing(known, [listed("here"), listed("new", "1", "taken")], new Set(["twice"]));
  expect(found.map(({ metadata }) => metadata.uid)).toEqual(["here", "new", "once"]);
});

test("a list's version changes with what is in it, whatever the order, and is that of a list", () => {
  const version = digestVersion([listed("a"), listed("b")]);
  expect(digestVersion([listed("b"), listed("a")])).toBe(version);
  expect(digestVersion([listed("a"), listed("b", "2")])).not.toBe(version);
  expect(digestVersion([listed("a")])).not.toBe(version);
  expect(version % 2).toBe(1);
  expect(Number.isSafeInteger(version)).toBe(true);
});

test("a watch begins with everything, with nothing, or has to list again", () => {
  const list = [listed("a"), listed("b")];
  const start = (version: number | null, fieldSelector = "", sendInitialEvents: boolean | null = null) => {
    const found = differenceStart({ version, sendInitialEvents, fieldSelector }, list);
    return found.ok ? summary([...found.events]) : found.status.code;
  };
  expect(start(null)).toEqual(["ADDED a", "ADDED b"]);
  expect(start(null, "", false)).toEqual([]);
  expect(start(5, "", true)).toEqual(["ADDED a", "ADDED b"]);
  expect(start(digestVersion(list))).toEqual([]);
  expect(start(5)).toBe(410);
  expect(start(5, "metadata.name=a")).toEqual(["MODIFIED a", "MODIFIED b"]);
});
