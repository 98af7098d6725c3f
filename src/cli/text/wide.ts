/** What `-o wide` adds to a list. */
import type { Conditioned } from "../api/views.ts";
import type { PodSpec } from "../edit/editable-service.ts";
import { readyOf } from "./conditions.ts";

export const WIDE_COLUMNS = ["IMAGE", "MESSAGE"];

export function imageOf(spec: PodSpec | undefined): string {
  return spec?.containers[0]?.image ?? "";
}

/** Why it is not ready: the first line, since a log may follow. */
export function messageOf(object: Conditioned): string {
  return readyOf(object).message?.split("\n")[0] ?? "";
}
