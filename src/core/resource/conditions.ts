/**
 * Conditions of an object, as Knative's condition manager keeps them: each kind has dependents, from which `Ready` is
 * computed, and possibly informational ones beside them.
 *
 *     any dependent False            → Ready False, with the reason and message of the one that changed last
 *     else any Unknown (or missing)  → Ready Unknown, likewise
 *     else                           → Ready True, no reason, no message
 */
import { timestampOf } from "./timestamp.ts";

export type ConditionStatus = "True" | "False" | "Unknown";

export type Condition = {
  readonly type: string;
  readonly status: ConditionStatus;
  readonly reason?: string;
  readonly message?: string;
  /** Absent = Error; "Info" for one that `Ready` does not depend on. */
  readonly severity?: "Info";
  /** RFC 3339; moves only when something else in the condition changes. */
  readonly lastTransitionTime?: string;
};

/** A condition as a reconciler wants it. Empty reason and message are left out. */
export type ConditionWish = {
  readonly type: string;
  readonly status: ConditionStatus;
  readonly reason?: string;
  readonly message?: string;
  readonly isInformational?: boolean;
};

/**
 * The conditions to store: the wishes, with `Ready` computed from those that are not informational, sorted by type.
 * @param previous what is stored now; a condition that did not change keeps its lastTransitionTime
 */
export function nextConditions(
  previous: readonly Condition[] | undefined,
  wishes: readonly ConditionWish[],
  nowMs: number,
): Condition[] {
  const settled = wishes.map((wish) => settle(previous, wish, nowMs));
  const ready = settle(previous, { type: "Ready", ...summary(settled) }, nowMs);
  return [...settled, ready].sort((a, b) => (a.type < b.type ? -1 : 1));
}

/** As nextConditions, for a kind (Configuration) whose only condition is `Ready` itself. */
export function onlyReady(
  previous: readonly Condition[] | undefined,
  wish: Omit<ConditionWish, "type">,
  nowMs: number,
): Condition[] {
  return [settle(previous, { type: "Ready", ...wish }, nowMs)];
}

export function findCondition(
  status: { readonly conditions?: readonly Condition[] } | undefined,
  type: string,
): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

/** Knative's IsReady and IsFailed: the condition counts only when the status is about the newest generation. */
export function readiness(object: {
  readonly metadata: { readonly generation: number };
  readonly status?: { readonly observedGeneration?: number; readonly conditions?: readonly Condition[] };
}): ConditionStatus {
  if (object.status?.observedGeneration !== object.metadata.generation) return "Unknown";
  return findCondition(object.status, "Ready")?.status ?? "Unknown";
}

function settle(previous: readonly Condition[] | undefined, wish: ConditionWish, nowMs: number): Condition {
  const before = previous?.find((condition) => condition.type === wish.type);
  const isSame =
    before !== undefined &&
    before.status === wish.status &&
    (before.reason ?? "") === (wish.reason ?? "") &&
    (before.message ?? "") === (wish.message ?? "");
  return {
    type: wish.type,
    status: wish.status,
    ...(wish.reason ? { reason: wish.reason } : {}),
    ...(wish.message ? { message: wish.message } : {}),
    ...(wish.isInformational ? { severity: "Info" as const } : {}),
    lastTransitionTime: isSame && before.lastTransitionTime ? before.lastTransitionTime : timestampOf(nowMs),
  };
}

function summary(conditions: readonly Condition[]): Omit<ConditionWish, "type"> {
  const dependents = conditions.filter((condition) => condition.severity !== "Info");
  const cause = newest(dependents, "False") ?? newest(dependents, "Unknown");
  if (cause === undefined) return { status: "True" };
  return { status: cause.status, reason: cause.reason ?? "", message: cause.message ?? "" };
}

function newest(conditions: readonly Condition[], status: ConditionStatus): Condition | undefined {
  return conditions
    .filter((condition) => condition.status === status)
    .reduce<Condition | undefined>(
      (best, next) =>
        best === undefined || (next.lastTransitionTime ?? "") > (best.lastTransitionTime ?? "") ? next : best,
      undefined,
    );
}
