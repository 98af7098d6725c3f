/** What Kubernetes asks of the data of ConfigMaps and Secrets. */
import { type FieldError, generic } from "./field-error.ts";
import { jsonEqual } from "./json.ts";
import type { KubeObject } from "./object.ts";

/** A ConfigMap or Secret; the values of `binaryData` are base64. */
export type DataObject = KubeObject & {
  readonly binaryData?: Readonly<Record<string, string>>;
  readonly immutable?: boolean;
  readonly type?: string;
};

const KEY = /^[-._a-zA-Z0-9]{1,253}$/;

/** @returns problems with the keys of a member such as `data` */
export function validateKeys(data: Readonly<Record<string, string>>, member: string): FieldError[] {
  const rule = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
  return Object.keys(data)
    .filter((key) => !KEY.test(key) || key === "." || key === "..")
    .map((key) => generic(`invalid key name ${JSON.stringify(key)}`, member, rule));
}

/** An object that says `immutable` stays as it is, and goes on saying so. The type of a Secret never changes. */
export function validateUnchanged(object: DataObject, previous: DataObject | null): FieldError[] {
  if (previous === null) return [];
  const errors: FieldError[] = [];
  const forbid = (field: string) =>
    errors.push(generic("Forbidden: field is immutable when `immutable` is set", field));
  if (previous.immutable === true) {
    if (object.immutable !== true) forbid("immutable");
    if (!jsonEqual(object.data ?? {}, previous.data ?? {})) forbid("data");
    if (!jsonEqual(object.binaryData ?? {}, previous.binaryData ?? {})) forbid("binaryData");
  }
  if (object.type !== previous.type) {
    errors.push(generic(`Invalid value: ${JSON.stringify(object.type ?? "")}: field is immutable`, "type"));
  }
  return errors;
}
