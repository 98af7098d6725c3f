import { expect, test } from "vitest";
import { ROUTES_SHARDS, routesShardOf } from "../../../src/core/routing/shard.ts";

test("the shard of a host follows FNV-1a, whose published 32-bit values end in these digits", () => {
  // http://www.isthe.com/chongo/src/fnv/test_fnv.c: "" 811c9dc5, "a" e40c292c, "foobar" bf9cf968; the last hex digit is mod 16.
  expect(routesShardOf("")).toBe("routes-5");
  expect(routesShardOf("a")).toBe("routes-12");
  expect(routesShardOf("foobar")).toBe("routes-8");
});

test("hosts of one domain spread over all shards", () => {
  const shards = new Set(Array.from({ length: 400 }, (_, i) => routesShardOf(`svc-${i}.default.localhost`)));
  expect(shards.size).toBe(ROUTES_SHARDS);
});
