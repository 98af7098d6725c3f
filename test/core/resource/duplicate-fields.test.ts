import { expect, it } from "vitest";
import { duplicateFields } from "../../../src/core/resource/duplicate-fields.ts";

it.each([
  ['{"a":1,"b":{"a":1}}', []],
  ['{"a":1,"a":2,"a":3}', ["a"]],
  ['{"a":{"b":[{"c":1},{"c":1,"c":2}]}}', ["a.b[1].c"]],
  ['{"a":"a","b":"\\"a\\":","c":["a","a"]}', []],
  ['{"\\u0061":1,"a":2}', ["a"]],
  ['{"a":{"x":1,"x":1},"a":{"x":1}}', ["a.x", "a"]],
  ["[]", []],
  ['"text"', []],
])("%s has %j twice", (text, paths) => {
  expect(duplicateFields(text)).toEqual(paths);
});
