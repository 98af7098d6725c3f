/** DomainMapping: a custom domain for a Service. Its name is the domain. */
import type { Config } from "../config/config.ts";
import { dns1123SubdomainProblem } from "../name.ts";
import { isControlHost } from "../routing/host.ts";
import { hostProblem } from "../routing/hosts.ts";
import { hostsOfTarget } from "../routing/route-hosts.ts";
import { at, disallowedField, type FieldError, generic, missingField } from "./field-error.ts";
import type { KindRules, RuleContext } from "./kind-rule.ts";
import type { CommonStatus, KubeObject, ObjectMeta, Resource } from "./object.ts";
import { object, string } from "./schema.ts";
import { kindSchema } from "./serving.ts";

export type DomainMapping = Resource<DomainMappingSpec, DomainMappingStatus>;
export type DomainMappingSpec = {
  readonly ref: {
    readonly apiVersion?: string;
    readonly kind?: string;
    readonly name?: string;
    readonly namespace?: string;
  };
};
export type DomainMappingStatus = CommonStatus & {
  readonly url?: string;
  readonly address?: { readonly url: string };
};

export const DOMAIN_MAPPING_RULES: KindRules = {
  schema: kindSchema({
    spec: object({ ref: object({ apiVersion: string, kind: string, name: string, namespace: string }) }),
  }),
  nameRule: "subdomain",
  applyDefaults: (spec, _previous, _context, { namespace = "" }): DomainMappingSpec => {
    const { ref } = (spec ?? {}) as Partial<DomainMappingSpec>;
    return { ref: { ...ref, namespace: ref?.namespace || namespace } };
  },
  validate: (object, previous, context) => [
    ...at("metadata", validateName(object.metadata, previous, context)),
    ...at("spec.ref", validateRef(object as DomainMapping)),
  ],
};

/** The domain that every cluster-local name ends in. */
const CLUSTER_DOMAIN = "cluster.local";

/** Source: serving/pkg/apis/serving/v1beta1/domainmapping_validation.go; what Rouse itself answers to is refused too. */
function validateName(
  { name, generateName = "" }: ObjectMeta,
  previous: KubeObject | null,
  { config, controlHost = "" }: RuleContext,
): FieldError[] {
  const refuse = (why: string) => generic(`invalid name ${JSON.stringify(name)}: ${why}`, "name");
  const errors = generateName === "" ? [] : [disallowedField("generateName")];
  // Syntax is checked for every kind alike.
  const problem = dns1123SubdomainProblem(name) === null ? hostProblem(name) : null;
  if (problem !== null) errors.push(refuse(`name: Invalid value: ${JSON.stringify(name)}: ${problem}`));
  if (name.endsWith(`.${CLUSTER_DOMAIN}`)) {
    errors.push(refuse(`must not be a subdomain of cluster local domain ${JSON.stringify(CLUSTER_DOMAIN)}`));
  }
  if (isControlHost(name, controlHost)) errors.push(refuse("it is the host of the API"));
  // ConfigMaps may change later: that must not keep anybody from editing what is there.
  if (previous === null && isRouteHost(name, config)) {
    errors.push(refuse(`it is the host of the Service ${name.split(".").slice(0, 2).reverse().join("/")}`));
  }
  return errors;
}

/** Whether a Service of the first label's name in a namespace of the second's would answer there. */
function isRouteHost(host: string, config: Config): boolean {
  const [name = "", namespace = ""] = host.split(".");
  return config.domain.some(
    (rule) =>
      hostsOfTarget({ name, namespace, labels: rule.selector } as ObjectMeta, "", () => false, config).host === host,
  );
}

/** Source: knative.dev/pkg/apis/duck/v1 KReference.Validate */
function validateRef({ metadata, spec: { ref } }: DomainMapping): FieldError[] {
  const missing = (["apiVersion", "kind", "name"] as const).filter((field) => !ref[field]);
  const errors = missing.map((field) => missingField(field));
  const { namespace = "" } = metadata;
  if (ref.namespace !== namespace) {
    const details = `parent namespace: ${JSON.stringify(namespace)} does not match ref: ${JSON.stringify(ref.namespace)}`;
    errors.push(generic("mismatched namespaces", "namespace", details));
  }
  return errors;
}
