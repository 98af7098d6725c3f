/**
 * Structural schemas: which fields a kind has and of which JSON type they are. What a schema does not name is pruned
 * (and reported, for fieldValidation=Strict); a value of the wrong type is a problem; null means absent.
 */
import { type FieldError, invalidValue } from "./field-error.ts";
import { isJsonObject, setOwn } from "./json.ts";

export type Schema =
  | { readonly type: "string" | "integer" | "int32" | "boolean" | "int-or-string" | "any" }
  | { readonly type: "object"; readonly fields: Readonly<Record<string, Schema>> }
  | { readonly type: "map"; readonly values: Schema }
  | { readonly type: "list"; readonly items: Schema };

export const string: Schema = { type: "string" };
export const integer: Schema = { type: "integer" };
/** A whole number of 32 bits with sign, as Kubernetes keeps ports, counts and seconds of probes. */
export const int32: Schema = { type: "int32" };
export const boolean: Schema = { type: "boolean" };
export const intOrString: Schema = { type: "int-or-string" };
/** Kept as it is: a field that another rule looks at, or that is only carried. */
export const any: Schema = { type: "any" };
export const object = (fields: Readonly<Record<string, Schema>>): Schema => ({ type: "object", fields });
export const mapOf = (values: Schema): Schema => ({ type: "map", values });
export const listOf = (items: Schema): Schema => ({ type: "list", items });

export type Shaped = {
  /** The value with only known fields and no nulls. */
  readonly value: unknown;
  /** Paths of what was pruned. */
  readonly unknownFields: readonly string[];
  readonly errors: readonly FieldError[];
};

/** Fits a value from the wire to a schema. Never throws. */
export function shape(value: unknown, schema: Schema, path = ""): Shaped {
  const unknownFields: string[] = [];
  const errors: FieldError[] = [];
  return { value: fitTo(value, schema, path, unknownFields, errors), unknownFields, errors };
}

function fitTo(value: unknown, schema: Schema, path: string, unknownFields: string[], errors: FieldError[]): unknown {
  const refuse = (wanted: string) => {
    errors.push(invalidValue(value, path, `must be ${wanted}`));
    return undefined;
  };
  switch (schema.type) {
    case "any":
      return value;
    case "string":
      return typeof value === "string" ? value : refuse("a string");
    case "integer":
      return Number.isSafeInteger(value) ? value : refuse("an integer");
    case "int32":
      return Number.isInteger(value) && value === (Number(value) | 0) ? value : refuse("an integer of 32 bits");
    case "boolean":
      return typeof value === "boolean" ? value : refuse("true or false");
    case "int-or-string":
      return typeof value === "string" || Number.isSafeInteger(value) ? value : refuse("an integer or a string");
    case "list":
      if (!Array.isArray(value)) return refuse("a list");
      return value
        .filter((item) => item !== null)
        .map((item, i) => fitTo(item, schema.items, `${path}[${i}]`, unknownFields, errors));
    case "map":
    case "object":
      if (!isJsonObject(value)) return refuse("an object");
      return fitMembersTo(value, schema, path, unknownFields, errors);
  }
}

function fitMembersTo(
  value: Readonly<Record<string, unknown>>,
  schema: Extract<Schema, { type: "map" | "object" }>,
  path: string,
  unknownFields: string[],
  errors: FieldError[],
): unknown {
  const fitted: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    if (member === null || member === undefined) continue;
    const memberPath = path === "" ? name : `${path}.${name}`;
    const memberSchema = schema.type === "map" ? schema.values : own(schema.fields, name);
    if (memberSchema === undefined) unknownFields.push(memberPath);
    else setOwn(fitted, name, fitTo(member, memberSchema, memberPath, unknownFields, errors));
  }
  return fitted;
}

function own(fields: Readonly<Record<string, Schema>>, name: string): Schema | undefined {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}
