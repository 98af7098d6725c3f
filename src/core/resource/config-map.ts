/** ConfigMaps: those of the system's namespace configure Rouse itself, so what they say is checked before it is stored. */
import { isBase64 } from "../base64.ts";
import { CONFIG_MAPS, sectionOf } from "../config/config-maps.ts";
import { EXAMPLE_KEY } from "../config/rows.ts";
import { isDomainSuffix } from "../routing/domain.ts";
import { type DataObject, validateKeys, validateUnchanged } from "./data-rule.ts";
import { type FieldError, generic, invalidKey } from "./field-error.ts";
import type { KindRules, RuleContext } from "./kind-rule.ts";
import type { KubeObject } from "./object.ts";
import { boolean, mapOf, string } from "./schema.ts";
import { kindSchema } from "./serving.ts";

export const CONFIG_MAP_RULES: KindRules = {
  schema: kindSchema({ data: mapOf(string), binaryData: mapOf(string), immutable: boolean }),
  nameRule: "subdomain",
  applyDefaults: (spec) => spec,
  validate: (object, previous, context) => [
    ...validateData(object),
    ...validateUnchanged(object, previous),
    ...validateConfig(object, context),
  ],
};

/** Where the ConfigMaps live that configure Rouse itself. */
export const SYSTEM_NAMESPACE = "knative-serving";

function validateData({ data = {}, binaryData = {} }: DataObject): FieldError[] {
  const values = Object.entries(binaryData).filter(([, value]) => !isBase64(value));
  const doubles = Object.keys(binaryData).filter((key) => Object.hasOwn(data, key));
  return [
    ...validateKeys(data, "data"),
    ...validateKeys(binaryData, "binaryData"),
    ...values.map(([key]) => generic("illegal base64 data", `binaryData.${key}`)),
    ...doubles.map((key) =>
      generic(`Invalid value: ${JSON.stringify(key)}: duplicate of key present in binaryData`, `data.${key}`),
    ),
  ];
}

function validateConfig({ metadata, data = {} }: KubeObject, { parseYaml }: RuleContext): FieldError[] {
  const section = metadata.namespace === SYSTEM_NAMESPACE ? sectionOf(metadata.name) : undefined;
  if (section === undefined) return [];
  const parsed = CONFIG_MAPS[section].parse(data, parseYaml);
  const problems = parsed.ok ? [] : parsed.problems;
  return [
    ...problems.map(({ key, message }) => ({ message, paths: [`data.${key}`] })),
    ...(section === "domain" ? validateDomains(data) : []),
  ];
}

function validateDomains(data: Readonly<Record<string, string>>): FieldError[] {
  const rule = 'must be the suffix of host names: lower-case letters, digits, "-" and ".", such as apps.example.com';
  return Object.keys(data)
    .filter((key) => key !== EXAMPLE_KEY && !isDomainSuffix(key))
    .map((key) => invalidKey(key, "data", rule));
}
