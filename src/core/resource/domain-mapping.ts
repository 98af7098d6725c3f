/** DomainMapping: a custom domain for a Service. */
import type { KindRules } from "./kind-rule.ts";
import type { CommonStatus, Resource } from "./object.ts";
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
  isGenerateNameRefused: true,
  applyDefaults: (spec) => spec,
  validate: () => [],
};
