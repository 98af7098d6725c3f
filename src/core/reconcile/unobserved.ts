/** What an object says when reconciling its newest generation failed: nothing that it said before is about that one. */
import { type ConditionWish, onlyReady } from "../resource/conditions.ts";
import type { CommonStatus, KindName, KubeObject } from "../resource/object.ts";
import type { Write } from "./observed.ts";

const RECONCILED: readonly KindName[] = ["Service", "Configuration", "Revision", "Route", "DomainMapping"];

const FAILED: Omit<ConditionWish, "type"> = {
  status: "Unknown",
  reason: "NewObservedGenFailure",
  message: "unsuccessfully observed a new generation",
};

/**
 * @returns no write when the generation was reconciled before: what is said of it stands
 * Source: knative.dev/pkg/reconciler PreProcessReconcile
 */
export function markUnobserved(object: KubeObject, nowMs: number): Write[] {
  const status = (object.status ?? {}) as CommonStatus;
  const { generation } = object.metadata;
  if (!RECONCILED.includes(object.kind) || status.observedGeneration === generation) return [];
  const conditions = [
    ...(status.conditions ?? []).filter(({ type }) => type !== "Ready"),
    ...onlyReady(status.conditions, FAILED, nowMs),
  ].sort((a, b) => (a.type < b.type ? -1 : 1));
  return [
    { type: "update-status", object: { ...object, status: { ...status, observedGeneration: generation, conditions } } },
  ];
}
