/** ConfigMaps: those of the system's namespace configure Rouse itself, so what they say is checked before it is stored. */
import { parseAutoscalerConfig } from "../config/autoscaler-config.ts";
import { isDomainSuffix } from "../routing/domain.ts";
import { type FieldError, invalidKey } from "./field-error.ts";
import type { KindRules } from "./kind-rule.ts";
import type { KubeObject } from "./object.ts";
import { boolean, mapOf, string } from "./schema.ts";
import { kindSchema } from "./serving.ts";

export const CONFIG_MAP_RULES: KindRules = {
  schema: kindSchema({ data: mapOf(string), binaryData: mapOf(string), immutable: boolean }),
  nameRule: "subdomain",
  applyDefaults: (spec) => spec,
  validate: validateConfigMap,
};

/** Where the ConfigMaps live that configure Rouse itself. */
export const SYSTEM_NAMESPACE = "knative-serving";
export const CONFIG_AUTOSCALER = "config-autoscaler";
export const CONFIG_DEFAULTS = "config-defaults";
export const CONFIG_DOMAIN = "config-domain";
export const CONFIG_FEATURES = "config-features";
export const CONFIG_GC = "config-gc";
export const CONFIG_NETWORK = "config-network";

function validateConfigMap(object: KubeObject): FieldError[] {
  if (object.metadata.namespace !== SYSTEM_NAMESPACE) return [];
  if (object.metadata.name === CONFIG_DOMAIN) return validateDomains(object.data ?? {});
  if (object.metadata.name !== CONFIG_AUTOSCALER) return [];
  const parsed = parseAutoscalerConfig(object.data ?? {});
  if (parsed.ok) return [];
  return parsed.problems.map(({ key, message }) => ({ message, paths: [`data.${key}`] }));
}

function validateDomains(data: Readonly<Record<string, string>>): FieldError[] {
  const rule = 'must be the suffix of host names: lower-case letters, digits, "-" and ".", such as apps.example.com';
  return Object.keys(data)
    .filter((key) => key !== "_example" && !isDomainSuffix(key))
    .map((key) => invalidKey(key, "data", rule));
}
