/** ConfigMaps: those of the system's namespace configure Rouse itself, so what they say is checked before it is stored. */
import { CONFIG_MAPS, sectionOf } from "../config/config-maps.ts";
import { EXAMPLE_KEY } from "../config/rows.ts";
import { isDomainSuffix } from "../routing/domain.ts";
import { type FieldError, invalidKey } from "./field-error.ts";
import type { KindRules, RuleContext } from "./kind-rule.ts";
import type { KubeObject } from "./object.ts";
import { boolean, mapOf, string } from "./schema.ts";
import { kindSchema } from "./serving.ts";

export const CONFIG_MAP_RULES: KindRules = {
  schema: kindSchema({ data: mapOf(string), binaryData: mapOf(string), immutable: boolean }),
  nameRule: "subdomain",
  applyDefaults: (spec) => spec,
  validate: (object, _previous, context) => validateConfigMap(object, context),
};

/** Where the ConfigMaps live that configure Rouse itself. */
export const SYSTEM_NAMESPACE = "knative-serving";

function validateConfigMap({ metadata, data = {} }: KubeObject, { parseYaml }: RuleContext): FieldError[] {
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
