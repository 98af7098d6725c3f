/** Secrets: values for the environment of pods. */
import type { KindRules } from "./kind-rule.ts";
import { boolean, mapOf, string } from "./schema.ts";
import { kindSchema } from "./serving.ts";

export const SECRET_RULES: KindRules = {
  schema: kindSchema({ data: mapOf(string), stringData: mapOf(string), type: string, immutable: boolean }),
  nameRule: "subdomain",
  applyDefaults: (spec) => spec,
  validate: () => [],
};
