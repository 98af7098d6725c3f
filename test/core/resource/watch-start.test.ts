import { expect, test } from "vitest";
import { selectedName, startOf } from "../../../src/core/resource/watch-start.ts";
import { isObjectVersion, listVersion } from "../../../src/core/resource/watch-version.ts";

const LOG = { oldest: 100, newest: 200 };
const NAMED = "metadata.name=hello";

const start = (version: number | null, fieldSelector = "", sendInitialEvents: boolean | null = null) => {
  const found = startOf({ version, sendInitialEvents, fieldSelector }, LOG);
  return found.type === "expired" ? { type: "expired", message: found.status.message } : found;
};

test("a list's version is odd and an object's even, and both order writes", () => {
  expect([listVersion(200), listVersion(201), listVersion(2 ** 40)]).toEqual([201, 201, 2 ** 40 + 1]);
  expect([isObjectVersion(200), isObjectVersion(201)]).toEqual([true, false]);
});

test.each([
  ["no version", start(null), { type: "initial" }],
  ["no version, initial events unwanted", start(null, "", false), { type: "live" }],
  ["a version and initial events wanted", start(150, "", true), { type: "initial" }],
  ["a version in the log", start(150), { type: "replay", afterVersion: 150, isEchoed: false }],
  ["the version of the newest list", start(201), { type: "replay", afterVersion: 201, isEchoed: false }],
  ["the oldest version that can be continued", start(100), { type: "replay", afterVersion: 100, isEchoed: false }],
  ["one object from a GET of it", start(150, NAMED), { type: "replay", afterVersion: 150, isEchoed: true }],
  ["one object from a list", start(151, NAMED), { type: "replay", afterVersion: 151, isEchoed: false }],
  ["one object from before the log", start(98, NAMED), { type: "state", afterVersion: 98 }],
  ["one object from a lost storage", start(900, NAMED), { type: "state", afterVersion: 0 }],
  ["many objects from before the log", start(98), { type: "expired", message: "too old resource version: 98 (100)" }],
  ["many from a lost storage", start(900), { type: "expired", message: "too old resource version: 900 (100)" }],
  ["initial events not older than a lost one", start(900, NAMED, true), { type: "expired" }],
])("%s", (_, actual, expected) => {
  expect(actual).toMatchObject(expected);
});

test.each([
  ["metadata.name=a", "a"],
  ["metadata.name==a", "a"],
  ["metadata.namespace=x,metadata.name=a", "a"],
  ["metadata.name!=a", null],
  ["involvedObject.name=a", null],
  ["", null],
  ["metadata.name=a\\=b", null],
  ["metadata.namespace!=x\\,metadata.name=a", null],
  ["metadata.namespace=x,metadata.name=a,metadata.namespace=y", "a"],
])("the name in %j is %j", (selector, name) => {
  expect(selectedName(selector)).toBe(name);
});
