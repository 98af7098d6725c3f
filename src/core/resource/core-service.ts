/** The core group's Service, as far as there is one here: the placeholder that a Route makes for each of its names. */
import type { KindRules } from "./kind-rule.ts";
import { any } from "./schema.ts";
import { kindSchema } from "./serving.ts";

export const CORE_SERVICE_RULES: KindRules = {
  schema: kindSchema({ spec: any }),
  nameRule: "label",
  applyDefaults: (spec) => spec,
  validate: () => [],
};
