/**
 * Annotations of Knative that hold a duration: Go's, in whole seconds, not negative. Both spellings count, the dashed one
 * first.
 * Source: Knative's metadata_validation.go (ValidateRolloutDurationAnnotation) and revision_validation.go
 */
import { parseDurationMs } from "../duration.ts";
import { type FieldError, generic, invalidValue } from "./field-error.ts";

export const ROLLOUT_DURATION_KEYS = ["serving.knative.dev/rollout-duration", "serving.knative.dev/rolloutDuration"];
export const PROGRESS_DEADLINE_KEYS = ["serving.knative.dev/progress-deadline", "serving.knative.dev/progressDeadline"];

/**
 * @param keys the spellings of one annotation; messages name the first
 * @returns problems with the key as path
 */
export function validateDurations(
  annotations: Readonly<Record<string, string>>,
  keys: readonly string[],
): FieldError[] {
  const key = keys.find((candidate) => annotations[candidate] !== undefined) ?? "";
  const text = annotations[key] ?? "";
  if (text === "") return [];
  const durationMs = parseDurationMs(text);
  if (durationMs === null) return [invalidValue(text, key)];
  const subject = `${keys[0]?.split("/")[1]}=${text}`;
  if (durationMs % 1000 !== 0) return [generic(`${subject} is not at second precision`, key)];
  return durationMs < 0 ? [generic(`${subject} must be positive`, key)] : [];
}

/**
 * What a duration annotation says.
 * @returns milliseconds; null when there is none, or none that can be read
 */
export function readDurationMs(
  annotations: Readonly<Record<string, string>> | undefined,
  keys: readonly string[],
): number | null {
  const key = keys.find((candidate) => annotations?.[candidate] !== undefined) ?? "";
  return parseDurationMs(annotations?.[key] ?? "");
}
