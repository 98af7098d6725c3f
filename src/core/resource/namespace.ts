/** Namespaces group objects and names; they are no fence between tenants. */
import type { KindRules } from "./kind-rule.ts";
import { any } from "./schema.ts";
import { kindSchema } from "./serving.ts";

export const NAMESPACE_STATUS = { phase: "Active" };
/** While what is in it goes. */
export const TERMINATING_STATUS = { phase: "Terminating" };

/** They are always there: the system works with them. */
export const LASTING_NAMESPACES: readonly string[] = ["default", "knative-serving", "kube-system", "istio-system"];

export const NAMESPACE_RULES: KindRules = {
  schema: kindSchema({ spec: any }),
  nameRule: "label",
  applyDefaults: (spec) => spec,
  validate: () => [],
};
