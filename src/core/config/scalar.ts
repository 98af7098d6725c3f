/**
 * Text of ConfigMaps and annotations into booleans, numbers and durations, by Go's rules (strconv). Each parser gives
 * the value, or what is wrong with the text in Knative's words and, as `details`, what to write instead.
 */
import { parseDurationMs } from "../duration.ts";

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string; readonly details?: string };

export const INT32_MAX = 2 ** 31 - 1;

const INT64_RANGE = 2 ** 63;
const QUANTITY = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;

const TRUE = new Set(["1", "t", "T", "true", "TRUE", "True"]);
const FALSE = new Set(["0", "f", "F", "false", "FALSE", "False"]);

/** Go's ParseBool: 1, t, true, TRUE, True and their opposites; no "yes" or "on". */
export function parseBoolean(text: string): Parsed<boolean> {
  if (TRUE.has(text)) return { ok: true, value: true };
  if (FALSE.has(text)) return { ok: true, value: false };
  return invalid(text, 'use "true" or "false"');
}

/** A finite decimal number. Unlike Go's ParseFloat it refuses NaN and Inf, which pass every range check or none. */
export function parseNumber(text: string): Parsed<number> {
  const value = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? { ok: true, value } : invalid(text, "use a number such as 70 or 1.5");
}

/** A whole number from 0 to 2^31 − 1. */
export function parseCount(text: string): Parsed<number> {
  if (!/^[+-]?\d+$/.test(text)) return invalid(text, "use a whole number");
  const value = Number(text) + 0;
  if (value < 0 || value > INT32_MAX) return { ok: false, message: `expected 0 <= ${text} <= ${INT32_MAX}` };
  return { ok: true, value };
}

/** A whole number of any sign, within an int64; beyond 2^53 the nearest one that a double can hold. */
export function parseInteger(text: string): Parsed<number> {
  const value = /^[+-]?\d+$/.test(text) ? Number(text) + 0 : Number.NaN;
  return value >= -INT64_RANGE && value < INT64_RANGE ? { ok: true, value } : invalid(text, "use a whole number");
}

/** Any text. */
export function parseText(text: string): Parsed<string> {
  return { ok: true, value: text };
}

/** A Kubernetes quantity, as it is written: `100m`, `1.5`, `64Mi`, `1e3`. */
export function parseQuantity(text: string): Parsed<string> {
  return QUANTITY.test(text) ? { ok: true, value: text } : invalid(text, 'use a quantity such as "100m" or "64Mi"');
}

/** A Go duration, in milliseconds. */
export function parseDuration(text: string): Parsed<number> {
  const value = parseDurationMs(text);
  return value === null ? invalid(text, 'use a duration with a unit, such as "90s"') : { ok: true, value };
}

function invalid(text: string, details: string): { readonly ok: false; readonly message: string; details: string } {
  return { ok: false, message: `invalid value: ${text}`, details };
}
