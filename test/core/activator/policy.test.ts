import { expect, it } from "vitest";
import { newPodLoad, type PodLoad } from "../../../src/core/activator/ledger.ts";
import { pickPod } from "../../../src/core/activator/policy.ts";

/** Pods a, b, c … with as many requests in them as given. */
const pods = (capacity: number, ...loads: number[]): PodLoad[] =>
  loads.map((direct, n) => ({ ...newPodLoad(String.fromCharCode(97 + n), capacity, true, 0), direct }));

it.each<[string, PodLoad[], number, string[], string | null, number | null]>([
  ["no pod at all", [], 0, [], null, null],
  ["every pod full", pods(1, 1, 1), 0, [], null, null],
  ["limit 1: the first free in order, whatever the cursor", pods(1, 0, 0), 1, [], "a", 1],
  ["limit 1: past the full one", pods(1, 1, 0, 0), 0, [], "b", 2],
  ["limit 3: fills the first up", pods(3, 2, 0), 1, [], "a", 1],
  ["limit 4: begins at the cursor", pods(4, 0, 0, 0), 1, [], "b", 2],
  ["limit 4: goes round past full ones", pods(4, 0, 4, 4), 1, [], "a", 1],
  ["limit 4: the cursor stays behind the last, where a new pod would be", pods(4, 0, 0, 0), 2, [], "c", 3],
  ["limit 4: a cursor beyond the pods begins at the first", pods(4, 0, 0), 4, [], "a", 1],
  ["limit 4: so does an odd one", pods(4, 0, 0), 3, [], "a", 1],
  ["a pod to be avoided gives way", pods(1, 0, 0), 0, ["a"], "b", 2],
  ["a pod to be avoided is taken when no other is free", pods(1, 0, 1), 0, ["a"], "a", 1],
])("picks with %s", (_, candidates, cursor, avoid, podId, next) => {
  const choice = pickPod(candidates, cursor, avoid, false, 0);
  expect(choice === null ? [null, null] : [choice.pod.podId, choice.cursor]).toEqual([podId, next]);
});
