/** What `-o wide` adds to a list. */
import type { Conditioned } from "../api/views.ts";
import type { PodSpec } from "../edit/editable-service.ts";
import { firstLine, readyOf } from "./conditions.ts";

export const WIDE_COLUMNS = ["IMAGE", "MESSAGE"];

export function imageOf(spec: PodSpec | undefined): string {
  return spec?.containers[0]?.image ?? "";
}

/** Why it is not ready. */
export function messageOf(object: Conditioned): string {
  return firstLine(readyOf(object).message ?? "");
}
