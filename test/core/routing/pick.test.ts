import { describe, expect, it } from "vitest";
import { pickTarget } from "../../../src/core/routing/pick.ts";

const split = (...percents: number[]) =>
  percents.map((percent, n) => ({ revisionUid: `u${n}`, revision: `r${n}`, percent, timeoutSec: 300 }));

/** mulberry32: small, seeded, uniform enough for ten thousand picks. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

describe("pickTarget", () => {
  it.each([[[50, 50]], [[90, 10]], [[1, 99]], [[34, 33, 33]], [[70, 20, 10]], [[0, 25, 75]]])(
    "splits ten thousand requests as %j within four standard deviations",
    (percents) => {
      const random = seeded(42);
      const counts = percents.map(() => 0);
      for (let n = 0; n < 10_000; n += 1) {
        const target = pickTarget(split(...percents), random());
        const index = Number(target?.revision.slice(1));
        counts[index] = (counts[index] ?? 0) + 1;
      }
      for (const [index, percent] of percents.entries()) {
        const share = percent / 100;
        const sigma = Math.sqrt(10_000 * share * (1 - share));
        expect(Math.abs((counts[index] ?? 0) - 10_000 * share)).toBeLessThanOrEqual(4 * sigma);
      }
    },
  );

  it.each([
    [[90, 10], 0, "r0"],
    [[90, 10], 0.8999, "r0"],
    [[90, 10], 0.9, "r1"],
    [[90, 10], 1 - 2 ** -53, "r1"],
    [[0, 100], 0, "r1"],
    [[100, 0], 1 - 2 ** -53, "r0"],
    [[33.3, 33.3, 33.3], 1 - 2 ** -53, "r2"],
    [[100], 0.5, "r0"],
  ])("of %j the number %d picks %s", (percents, random, revision) => {
    expect(pickTarget(split(...percents), random)?.revision).toBe(revision);
  });

  it("picks nothing where nobody has a share", () => {
    expect(pickTarget([], 0.5)).toBeUndefined();
    expect(pickTarget(split(0), 0.5)).toBeUndefined();
    expect(pickTarget(split(0, 0), 0.5)).toBeUndefined();
  });
});
