import { describe, expect, test } from "vitest";
import { eventsOf } from "../../../src/core/reconcile/events.ts";
import { reconcile } from "../../../src/core/reconcile/reconcile.ts";
import type { Condition } from "../../../src/core/resource/conditions.ts";
import type { KubeObject } from "../../../src/core/resource/object.ts";
import { configuration, observedOf, revision, route, SETTINGS, service } from "./fixtures.ts";

/** The events of a change of status. */
function events(before: KubeObject, status: object): string[] {
  const after = { ...before, status };
  return eventsOf(before, [{ type: "update-status", object: after }]).map((write) =>
    write.type === "event"
      ? `${write.happening.type} ${write.happening.reason}: ${write.happening.message}`
      : `not an event: ${write.type}`,
  );
}

const ready = (status: Condition["status"], reason = "", message = "") => ({
  conditions: [{ type: "Ready", status, reason, message }],
});

test("a Service tells what it made, and nothing when there is nothing to write", () => {
  const hello = service("hello");
  const writes = reconcile(hello, observedOf([hello]), SETTINGS);
  expect(writes.flatMap((write) => (write.type === "event" ? [write.happening] : []))).toEqual([
    { object: hello, type: "Normal", reason: "Created", message: 'Created Configuration "hello"' },
    { object: hello, type: "Normal", reason: "Created", message: 'Created Route "hello"' },
  ]);
  expect(eventsOf(hello, [])).toEqual([]);
  expect(events(hello, ready("False", "RevisionFailed", "boom"))).toEqual(["Warning RevisionFailed: boom"]);
});

describe("a Revision tells", () => {
  const fresh = { ...revision("hello-00001", "Unknown"), status: {} };
  const asleep = { ...fresh, status: { ...ready("True"), actualReplicas: 0 } };

  test.each([
    [
      "when it becomes ready",
      fresh,
      { ...ready("True"), actualReplicas: 1 },
      ["Normal RevisionReady: Revision becomes ready upon all resources being ready"],
    ],
    ["why it fails", fresh, ready("False", "ExitCode1", "boom"), ["Warning RevisionFailed: ExitCode1: boom"]],
    ["when it wakes", asleep, { ...ready("True"), actualReplicas: 2 }, ["Normal ScaledFromZero: Scaled from zero"]],
    [
      "nothing of more replicas",
      { ...asleep, status: { ...ready("True"), actualReplicas: 1 } },
      { ...ready("True"), actualReplicas: 3 },
      [],
    ],
    [
      "when it falls asleep",
      { ...asleep, status: { ...ready("True"), actualReplicas: 1 } },
      asleep.status,
      ["Normal ScaledToZero: Scaled to zero"],
    ],
  ])("%s", (_title, before, status, expected) => {
    expect(events(before, status)).toEqual(expected);
  });
});

test("a Configuration tells of its latest revision", () => {
  const names = { latestCreatedRevisionName: "hello-00001" };
  const waiting = configuration("hello", names, "Unknown");
  expect(events(waiting, { ...ready("True"), ...names, latestReadyRevisionName: "hello-00001" })).toEqual([
    "Normal ConfigurationReady: Configuration becomes ready",
    'Normal LatestReadyUpdate: LatestReadyRevisionName updated to "hello-00001"',
  ]);
  expect(events(waiting, { ...ready("False", "RevisionFailed", "no"), ...names })).toEqual([
    'Warning LatestCreatedFailed: Latest created revision "hello-00001" has failed',
  ]);
});

test("a Route tells where traffic goes when that changes, and what is wrong", () => {
  const traffic = [{ revisionName: "a", percent: 100 }];
  const routed = { ...route("hello", []), status: { ...ready("True"), traffic } };
  const split = [
    { revisionName: "a", percent: 90 },
    { revisionName: "b", percent: 10, tag: "green" },
  ];
  expect(events(routed, { ...ready("True"), traffic: split })).toEqual([
    "Normal TrafficUpdated: Traffic goes to 90% a, 10% b (green)",
  ]);
  expect(events(routed, { ...ready("False", "RevisionMissing", "gone"), traffic })).toEqual([
    "Warning RevisionMissing: gone",
  ]);
});
