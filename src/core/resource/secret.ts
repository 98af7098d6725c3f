/** Secrets: values for the environment of pods. What a value is, is never part of a message. */
import { encodeBase64Text, isBase64 } from "../base64.ts";
import { type DataObject, validateKeys, validateUnchanged } from "./data-rule.ts";
import { type FieldError, generic } from "./field-error.ts";
import { setOwn } from "./json.ts";
import type { KindRules } from "./kind-rule.ts";
import type { KubeObject } from "./object.ts";
import { boolean, mapOf, string } from "./schema.ts";
import { kindSchema } from "./serving.ts";

export const SECRET_RULES: KindRules = {
  schema: kindSchema({ data: mapOf(string), stringData: mapOf(string), type: string, immutable: boolean }),
  nameRule: "subdomain",
  normalize: encodeStringData,
  applyDefaults: (spec) => spec,
  validate: (object, previous) => [
    ...validateKeys(object.data ?? {}, "data"),
    ...validateValues(object.data ?? {}),
    ...validateUnchanged(object, previous),
  ],
};

type SentSecret = DataObject & { readonly stringData?: Readonly<Record<string, string>> };

/** `stringData` is for writing only: its texts go to `data`, over what stands there. */
function encodeStringData(object: KubeObject): KubeObject {
  const { stringData = {}, type = "Opaque", ...secret } = object as SentSecret;
  const data: Record<string, string> = { ...secret.data };
  for (const [key, text] of Object.entries(stringData)) setOwn(data, key, encodeBase64Text(text));
  const kept: SentSecret = { ...secret, ...(Object.keys(data).length === 0 ? {} : { data }), type };
  return kept;
}

function validateValues(data: Readonly<Record<string, string>>): FieldError[] {
  return Object.entries(data)
    .filter(([, value]) => !isBase64(value))
    .map(([key]) => generic("illegal base64 data", `data.${key}`, "put texts that are not encoded under stringData"));
}
