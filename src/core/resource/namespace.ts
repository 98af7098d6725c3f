/** Namespaces group objects and names; they are no fence between tenants. */
import type { KindRules } from "./kind-rule.ts";
import type { Draft, KubeObject } from "./object.ts";
import { any } from "./schema.ts";
import { kindSchema } from "./serving.ts";

export const NAMESPACE_STATUS = { phase: "Active" };
/** While what is in it goes. */
export const TERMINATING_STATUS = { phase: "Terminating" };

/** They are always there: the system works with them. */
export const LASTING_NAMESPACES: readonly string[] = ["default", "knative-serving", "kube-system", "istio-system"];

/** By which selectors of labels find a namespace of a known name, as in Kubernetes. */
const LABEL_NAME = "kubernetes.io/metadata.name";

/** A Namespace, or the draft of one, with the label that tells its name. */
export function labelNamespace<T extends KubeObject | Draft>(object: T): T {
  const { metadata } = object;
  return { ...object, metadata: { ...metadata, labels: { ...metadata.labels, [LABEL_NAME]: metadata.name } } };
}

export const NAMESPACE_RULES: KindRules = {
  schema: kindSchema({ spec: any }),
  nameRule: "label",
  normalize: labelNamespace,
  applyDefaults: (spec) => spec,
  validate: () => [],
};
