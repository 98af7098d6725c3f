/** Conditions as kn shows them. */
import type { Condition, Conditioned } from "../api/views.ts";
import { age } from "./age.ts";
import { indent, type Paint, table } from "./table.ts";

export function conditionsOf({ status }: Conditioned): readonly Condition[] {
  return status?.conditions ?? [];
}

export function readyOf(object: Conditioned): Condition {
  return conditionsOf(object).find(({ type }) => type === "Ready") ?? { type: "Ready", status: "Unknown" };
}

/** `2 OK / 3`; "" before there are any. */
export function conditionCount(object: Conditioned): string {
  const conditions = conditionsOf(object);
  const okCount = conditions.filter(({ status }) => status === "True").length;
  return conditions.length === 0 ? "" : `${okCount} OK / ${conditions.length}`;
}

/** Ready first, then those it depends on, then what is only told. */
export function conditionTable(object: Conditioned, nowMs: number, paint?: Paint): string {
  const rank = ({ type, severity }: Condition) => (type === "Ready" ? 0 : severity === undefined ? 1 : 2);
  const sorted = [...conditionsOf(object)].sort((a, b) => rank(a) - rank(b) || (a.type < b.type ? -1 : 1));
  if (sorted.length === 0) return "";
  const rows = sorted.map((condition) => [
    markOf(condition),
    condition.type,
    age(condition.lastTransitionTime, nowMs),
    condition.reason ?? "",
  ]);
  return table([["OK", "TYPE", "AGE", "REASON"], ...rows], paint, " ");
}

/** The first line of a message: a log may follow, and what announces that goes with it. */
export function firstLine(message: string): string {
  const [line = "", ...rest] = message.split("\n");
  return rest.length === 0 ? line : line.replace(/(; its last output)?:$/, "");
}

function markOf({ status, severity }: Condition): string {
  if (status === "True") return "++";
  if (status !== "False") return "??";
  return severity === "Info" ? " I" : "!!";
}

/** What the conditions say, each text once however many of them pass it on. */
export function reasons(object: Conditioned): string {
  const texts = conditionsOf(object)
    .filter(({ status, message }) => status !== "True" && (message ?? "") !== "")
    .map(({ reason, message = "" }) => [reason, indent(message.trim()).trimStart()].filter(Boolean).join(": "));
  return [...new Set(texts)].join("\n");
}
