import { expect, test } from "vitest";
import { markUnobserved } from "../../../src/core/reconcile/unobserved.ts";
import { NOW_MS, revision, service } from "./fixtures.ts";

test("a generation whose reconcile failed makes Ready Unknown and keeps the rest", () => {
  const stored = revision("hello-00001", "True");
  const healthy = { type: "ContainerHealthy", status: "True" } as const;
  const status = {
    actualReplicas: 1,
    observedGeneration: 1,
    conditions: [healthy, { type: "Ready", status: "True" } as const],
  };
  const changed = { ...stored, status, metadata: { ...stored.metadata, generation: 2 } };
  expect(markUnobserved(changed, NOW_MS)).toEqual([
    {
      type: "update-status",
      object: {
        ...changed,
        status: {
          actualReplicas: 1,
          observedGeneration: 2,
          conditions: [
            healthy,
            {
              type: "Ready",
              status: "Unknown",
              reason: "NewObservedGenFailure",
              message: "unsuccessfully observed a new generation",
              lastTransitionTime: "2026-01-31T12:00:00Z",
            },
          ],
        },
      },
    },
  ]);
});

test("a later failure of the same generation changes nothing, nor that of a kind without conditions", () => {
  expect(markUnobserved(revision("hello-00001", "True"), NOW_MS)).toEqual([]);
  expect(markUnobserved({ ...service("hello"), kind: "ConfigMap" }, NOW_MS)).toEqual([]);
});
