import { expect, it } from "vitest";
import { isReservedRequestHeader, parseRefusal } from "../../../src/core/protocol/headers.ts";

it.each([
  ["draining", "draining"],
  ["queue-full", "queue-full"],
  ["grant", "grant"],
  ["unreachable", "unreachable"],
  ["Draining", null],
  ["", null],
  [null, null],
])("reads the refusal %j as %j", (value, expected) => {
  expect(parseRefusal(value)).toBe(expected);
});

it.each([
  ["x-forwarded-for", true],
  ["k-proxy-request", true],
  ["x-rouse-grant", true],
  ["x-request-id", false],
  ["kind", false],
  ["x-forwarded", false],
])("%s is reserved: %s", (name, expected) => {
  expect(isReservedRequestHeader(name)).toBe(expected);
});
