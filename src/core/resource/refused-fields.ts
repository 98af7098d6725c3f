/** Fields that are known and may not be set. */
import { disallowedField, type FieldError } from "./field-error.ts";

/** Details for a field that Knative takes and this version does not. */
export const NOT_YET = "not supported by this version";

/** Problems for the fields among `names` that say something (not absent, not false, not empty). */
export function refuseFields(value: object, names: readonly string[], details?: string): FieldError[] {
  const fields = value as Readonly<Record<string, unknown>>;
  return names.filter((name) => saysSomething(fields[name])).map((name) => disallowedField(name, details));
}

function saysSomething(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === "") return false;
  return typeof value !== "object" || Object.keys(value).length > 0;
}
