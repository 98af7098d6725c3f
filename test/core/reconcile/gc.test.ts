import { describe, expect, test } from "vitest";
import { collectRevisions } from "../../../src/core/reconcile/gc.ts";
import type { Write } from "../../../src/core/reconcile/observed.ts";
import { ANNOTATION_ROUTING_STATE_MODIFIED, LABEL_ROUTING_STATE } from "../../../src/core/resource/annotations.ts";
import { controllerReference } from "../../../src/core/resource/object.ts";
import type { Revision } from "../../../src/core/resource/serving.ts";
import { timestampOf } from "../../../src/core/resource/timestamp.ts";
import { configuration, NOW_MS, observedOf, revision, route, SETTINGS } from "./fixtures.ts";

const OWNER = configuration(
  "hello",
  { latestReadyRevisionName: "hello-9", latestCreatedRevisionName: "hello-9" },
  "True",
);
const HOUR_MS = 3_600_000;
const LIMITS = {
  retainSinceCreateMs: 48 * HOUR_MS,
  retainSinceLastActiveMs: 15 * HOUR_MS,
  minNonActiveRevisions: 0,
  maxNonActiveRevisions: null,
};

/** A revision that no route uses, of which the age and the time since its last use are given in hours. */
function reserve(name: string, ageHours: number, idleHours: number, more: object = {}): Revision {
  return revision(name, "True", {
    creationTimestamp: timestampOf(NOW_MS - ageHours * HOUR_MS),
    labels: { [LABEL_ROUTING_STATE]: "reserve" },
    annotations: { [ANNOTATION_ROUTING_STATE_MODIFIED]: timestampOf(NOW_MS - idleHours * HOUR_MS) },
    ownerReferences: [controllerReference(OWNER)],
    ...more,
  });
}

function collect(objects: readonly Revision[], limits: object = {}, nowMs = NOW_MS): readonly Write[] {
  const gc = { ...LIMITS, ...limits };
  const others = [route("main", [{ revisionName: "routed", percent: 100 }])];
  const observed = observedOf([OWNER, ...objects, ...others]);
  return collectRevisions(OWNER, observed, { ...SETTINGS, nowMs, config: { ...SETTINGS.config, gc } });
}

const summary = (writes: readonly Write[]) =>
  writes.map((write) => {
    if (write.type === "delete") return write.object.metadata.name;
    return write.type === "wake" ? `look again in ${(write.atMs - NOW_MS) / HOUR_MS} h` : write.type;
  });

describe("a revision that no route uses", () => {
  test("goes at the moment when it is too old and too long unused, and not a second before", () => {
    const old = reserve("old", 60, 14);
    expect(summary(collect([old]))).toEqual(["look again in 1 h"]);
    expect(summary(collect([old], {}, NOW_MS + HOUR_MS - 1_000))).toEqual(["look again in 1 h"]);
    expect(summary(collect([old], {}, NOW_MS + HOUR_MS))).toEqual(["old"]);
  });

  test("wakes its configuration for the first one that can go, later for the next", () => {
    const writes = collect([reserve("b", 40, 30), reserve("a", 47, 20), reserve("gone", 90, 90)]);
    expect(summary(writes)).toEqual(["gone", "look again in 1 h"]);
  });

  test("is not waited for when it could not go anyway", () => {
    expect(summary(collect([reserve("a", 1, 1), reserve("b", 1, 1)], { minNonActiveRevisions: 2 }))).toEqual([]);
    const ageless = { retainSinceCreateMs: null, retainSinceLastActiveMs: null, maxNonActiveRevisions: 5 };
    expect(summary(collect([reserve("a", 1, 1)], ageless))).toEqual([]);
  });

  test("goes above the maximum however young, the one unused longest first", () => {
    const revisions = [reserve("a", 1, 0.5), reserve("b", 2, 1), reserve("c", 3, 2)];
    expect(summary(collect(revisions, { maxNonActiveRevisions: 1 }))).toEqual(["c", "b", "look again in 47 h"]);
  });
});

describe("what is never deleted", () => {
  test.each([
    ["the latest ready and latest created revision", reserve("hello-9", 900, 900)],
    ["a revision that a route names, though its state does not say so yet", reserve("routed", 900, 900)],
    ["one that is being deleted already", reserve("a", 900, 900, { deletionTimestamp: timestampOf(NOW_MS) })],
    ["one with no-gc", reserve("a", 900, 900, { annotations: { "serving.knative.dev/no-gc": "True" } })],
    ["one that a route uses", reserve("a", 900, 900, { labels: { [LABEL_ROUTING_STATE]: "active" } })],
    ["one that no route used yet", reserve("a", 900, 900, { labels: { [LABEL_ROUTING_STATE]: "pending" } })],
    ["another configuration's", reserve("a", 900, 900, { ownerReferences: [] })],
  ])("%s", (_what, object) => {
    expect(summary(collect([object], { maxNonActiveRevisions: 0 }))).toEqual([]);
  });
});
