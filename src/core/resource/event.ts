/** Events: what happened to an object, for people. The reconcilers write them; a client may only read and delete them. */
import type { KindRules } from "./kind-rule.ts";
import { any } from "./schema.ts";
import { kindSchema } from "./serving.ts";

export const EVENT_RULES: KindRules = {
  schema: kindSchema({ involvedObject: any }),
  nameRule: "subdomain",
  applyDefaults: (spec) => spec,
  validate: () => [],
};
