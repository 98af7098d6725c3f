/** Fields that are known and may not be set. */
import { disallowedField, type FieldError } from "./field-error.ts";

/** Problems for the fields among `names` that are set. */
export function refuseFields(value: object, names: readonly string[]): FieldError[] {
  const fields = value as Readonly<Record<string, unknown>>;
  return names.filter((name) => isSet(fields[name])).map((name) => disallowedField(name));
}

/** Problems for all set fields but those in `allowed`: what Knative calls a field mask. */
export function refuseOthers(value: object, allowed: readonly string[]): FieldError[] {
  return refuseFields(
    value,
    Object.keys(value).filter((name) => !allowed.includes(name)),
  );
}

/** As in Go: the zero of a text, number, flag or list is not set; an empty object is. */
function isSet(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== null && value !== false && value !== "" && value !== 0;
}
