/** Namespaces group objects and names; they are no fence between tenants. */
import type { KindRules } from "./kind-rule.ts";
import { any } from "./schema.ts";
import { kindSchema } from "./serving.ts";

export const NAMESPACE_RULES: KindRules = {
  schema: kindSchema({ spec: any }),
  nameRule: "label",
  applyDefaults: (spec) => spec,
  validate: () => [],
};
