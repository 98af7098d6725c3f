import { describe, expect, it } from "vitest";
import {
  afterAbsence,
  isSilent,
  judgeHello,
  LOST_AFTER_MS,
  SILENT_AFTER_MS,
} from "../../../src/core/agent/link-state.ts";
import { PING_INTERVAL_MS } from "../../../src/core/protocol/agent-link.ts";

describe("judgeHello", () => {
  it.each<[string, string | null, number | null, "accept" | "displace" | "refuse"]>([
    ["accepts the first", null, null, "accept"],
    ["accepts beside a socket that never said hello", null, 0, "accept"],
    ["accepts when the other boot has no socket", "old", null, "accept"],
    ["lets the same process take over its own socket", "new", 0, "displace"],
    ["refuses a second process while the first is alive", "old", 0, "refuse"],
    ["refuses it until the first has been silent for long", "old", SILENT_AFTER_MS, "refuse"],
    ["then displaces the silent one", "old", SILENT_AFTER_MS + 1, "displace"],
  ])("%s", (_, openBootId, silentForMs, verdict) => {
    const nowMs = 1_000_000;
    expect(judgeHello(openBootId, silentForMs === null ? null : nowMs - silentForMs, "new", nowMs)).toBe(verdict);
  });
});

describe("afterAbsence", () => {
  it.each([
    ["Connected", null, 1e9, "Connected"],
    ["Disconnected", 1_000, 1_000 + LOST_AFTER_MS - 1, "Disconnected"],
    ["Disconnected", 1_000, 1_000 + LOST_AFTER_MS, "Lost"],
    ["Disconnected", null, 1e9, "Disconnected"],
    ["Lost", 1_000, 1e9, "Lost"],
  ] as const)("%s since %j is, at %d, %s", (connection, disconnectedAtMs, nowMs, expected) => {
    const state = { connection, disconnectedAtMs };
    expect(afterAbsence(state, nowMs)).toEqual({ ...state, connection: expected });
  });
});

it("calls a socket silent only when more than two pings are missing", () => {
  expect(isSilent(1_000, 1_000 + SILENT_AFTER_MS)).toBe(false);
  expect(isSilent(1_000, 1_000 + SILENT_AFTER_MS + 1)).toBe(true);
  expect(SILENT_AFTER_MS).toBeGreaterThan(2 * PING_INTERVAL_MS);
});
