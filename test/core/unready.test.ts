import { expect, it } from "vitest";
import { isNewsOfUnready, UNREADY_TOLD_AFTER_MS, UNREADY_TOLD_EVERY_MS } from "../../src/core/unready.ts";

it("a pod that is not ready is told of once it has had time to listen", () => {
  expect(isNewsOfUnready(null, "refused", 1_000, 1_000 + UNREADY_TOLD_AFTER_MS - 1)).toBe(false);
  expect(isNewsOfUnready(null, "refused", 1_000, 1_000 + UNREADY_TOLD_AFTER_MS)).toBe(true);
});

it("it is told of again only when its probe meets something else, and not too often", () => {
  const told = { problem: "refused", atMs: 4_000 };
  expect(isNewsOfUnready(told, "refused", 0, 600_000)).toBe(false);
  expect(isNewsOfUnready(told, "503", 0, 4_000 + UNREADY_TOLD_EVERY_MS - 1)).toBe(false);
  expect(isNewsOfUnready(told, "503", 0, 4_000 + UNREADY_TOLD_EVERY_MS)).toBe(true);
});
