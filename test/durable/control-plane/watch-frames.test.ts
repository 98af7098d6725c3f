import { expect, test } from "vitest";
import type { LogRow } from "../../../src/durable/control-plane/event-log.ts";
import type { ObjectStore } from "../../../src/durable/control-plane/object-store.ts";
import { partsOf, startEvents } from "../../../src/durable/control-plane/watch-frames.ts";

const FILTER = { kind: "ConfigMap", namespace: null, name: null, matches: null } as const;

/** A log without an end, of rows of 100,000 characters: whoever reads all of it never comes back. */
function* endless(): Iterable<LogRow> {
  const body = JSON.stringify({ data: { text: "x".repeat(100_000) } });
  for (let version = 2; ; version += 2) {
    yield { version, type: "MODIFIED", kind: "ConfigMap", namespace: "x", name: "busy", body, before: null };
  }
}

function* endlessObjects() {
  for (;;) yield { object: { kind: "ConfigMap", metadata: { name: "busy", namespace: "x" } }, chars: 80 };
}

test.each([
  ["the log", { type: "replay", afterVersion: 0, isEchoed: false }],
  ["deletions", { type: "state", afterVersion: 0 }],
  ["objects", { type: "initial" }],
] as const)("a watch that starts with more than it may reads %s no further", (_, start) => {
  const store = { log: { after: endless, tombstones: endless }, scan: endlessObjects } as unknown as ObjectStore;
  expect(startEvents(start, FILTER, store, 1_000_000)).toBeNull();
});

test("what watchers are told is read in parts", () => {
  const sizes: number[] = [];
  for (const rows of partsOf(endless())) {
    sizes.push(rows.length);
    if (sizes.length === 3) break;
  }
  // 4 Mi characters end in the 42nd row.
  expect(sizes).toEqual([42, 42, 42]);
  expect([...partsOf([])]).toEqual([]);
});
