/** What the sources of a projected volume must be, and the items of any that has keys. */
import { at, type FieldError, missingField, missingOneOf, multipleOneOf } from "./field-error.ts";
import { refuseOthers } from "./refused-fields.ts";
import type { DownwardFile, KeyToPath, VolumeProjection } from "./volume.ts";

const SOURCES = ["secret", "configMap", "serviceAccountToken", "downwardAPI"] as const;

/** @returns problems with paths relative to the source */
export function validateProjection(source: VolumeProjection): FieldError[] {
  const given = SOURCES.filter((name) => source[name] !== undefined);
  const { secret, configMap, serviceAccountToken, downwardAPI } = source;
  return [
    ...refuseOthers(source, SOURCES),
    ...at("secret", secret === undefined ? [] : validateKeyed(secret)),
    ...at("configMap", configMap === undefined ? [] : validateKeyed(configMap)),
    ...(serviceAccountToken !== undefined && !serviceAccountToken.path
      ? [missingField("serviceAccountToken.path")]
      : []),
    ...(downwardAPI?.items ?? []).flatMap((file, i) => at(`downwardAPI.items[${i}]`, validateDownwardFile(file))),
    ...(given.length === 0 ? [missingOneOf(...SOURCES)] : []),
    ...(given.length > 1 ? [multipleOneOf(...given)] : []),
  ];
}

/** @returns problems with paths that begin with `items` */
export function validateItems(items: readonly KeyToPath[]): FieldError[] {
  return items.flatMap((item, i) =>
    at(`items[${i}]`, [...(item.key ? [] : [missingField("key")]), ...(item.path ? [] : [missingField("path")])]),
  );
}

function validateKeyed(source: { readonly name?: string; readonly items?: readonly KeyToPath[] }): FieldError[] {
  return [...(source.name ? [] : [missingField("name")]), ...validateItems(source.items ?? [])];
}

function validateDownwardFile({ path, fieldRef, resourceFieldRef }: DownwardFile): FieldError[] {
  const errors = path ? [] : [missingField("path")];
  if (fieldRef === undefined && resourceFieldRef === undefined)
    errors.push(missingOneOf("fieldRef", "resourceFieldRef"));
  if (fieldRef !== undefined && resourceFieldRef !== undefined) {
    const message = "Within a single item, cannot set both";
    errors.push({ message, paths: ["resourceFieldRef", "fieldRef"] });
  }
  return errors;
}
