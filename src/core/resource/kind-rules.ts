/** What admission applies to each kind: schema, defaults, validation. Objects have passed the schema when they get here. */
import { type AutoscalerConfig, parseAutoscalerConfig } from "../config/autoscaler-config.ts";
import { parseDurationMs } from "../duration.ts";
import { isDomainSuffix } from "../routing/domain.ts";
import { ANNOTATION_PROGRESS_DEADLINE, ANNOTATION_ROLLOUT_DURATION } from "./annotations.ts";
import { defaultRouteSpec, defaultServiceSpec, defaultTemplate } from "./defaults.ts";
import { at, type FieldError, invalidKey, invalidValue } from "./field-error.ts";
import { jsonEqual } from "./json.ts";
import { refuseAutoscalingAnnotations, refuseRouseAnnotations } from "./metadata-validation.ts";
import type { KindName, KubeObject } from "./object.ts";
import type { RevisionTemplate } from "./pod-spec.ts";
import type { Schema } from "./schema.ts";
import {
  CONFIG_MAP_SCHEMA,
  CONFIGURATION_SCHEMA,
  type ConfigurationSpec,
  NAMESPACE_SCHEMA,
  REVISION_SCHEMA,
  ROUTE_SCHEMA,
  type RouteSpec,
  SERVICE_SCHEMA,
  type ServiceSpec,
} from "./serving.ts";
import { validateTemplate } from "./template-validation.ts";
import { validateTraffic } from "./traffic-validation.ts";

export type RuleContext = { readonly autoscalerConfig: AutoscalerConfig };

export type KindRules = {
  readonly schema: Schema;
  /** Names of Knative's kinds become host names; the rest follow Kubernetes' wider rule. */
  readonly nameRule: "label" | "subdomain";
  /** The spec with defaults. `previous` is the stored spec on an update, null on create. */
  readonly applyDefaults: (spec: unknown, previous: unknown) => unknown;
  /** Problems with paths relative to the object. */
  readonly validate: (object: KubeObject, previous: KubeObject | null, context: RuleContext) => FieldError[];
};

const KEEP_SPEC = (spec: unknown) => spec;

export const KIND_RULES: Readonly<Record<KindName, KindRules>> = {
  Service: {
    schema: SERVICE_SCHEMA,
    nameRule: "label",
    applyDefaults: (spec, previous) =>
      defaultServiceSpec((spec ?? {}) as ServiceSpec, (previous ?? null) as ServiceSpec | null),
    validate: (object, previous, context) => [
      ...validateTemplateOwner(object, previous, context),
      ...validateDuration(object, ANNOTATION_ROLLOUT_DURATION),
      ...at("spec", validateTraffic((object.spec as ServiceSpec).traffic ?? [], "Service")),
    ],
  },
  Configuration: {
    schema: CONFIGURATION_SCHEMA,
    nameRule: "label",
    applyDefaults: (spec, previous) => {
      const template = (spec as ConfigurationSpec | undefined)?.template as RevisionTemplate;
      return { template: defaultTemplate(template, (previous as ConfigurationSpec | null)?.template ?? null) };
    },
    validate: (object, previous, context) => validateTemplateOwner(object, previous, context),
  },
  Revision: {
    schema: REVISION_SCHEMA,
    nameRule: "label",
    applyDefaults: KEEP_SPEC,
    validate: (object, previous) =>
      previous === null || jsonEqual(object.spec, previous.spec)
        ? []
        : [{ message: "Immutable fields changed (-old +new)", paths: ["spec"] }],
  },
  Route: {
    schema: ROUTE_SCHEMA,
    nameRule: "label",
    applyDefaults: (spec) => defaultRouteSpec((spec ?? {}) as RouteSpec),
    validate: (object) => [
      ...validateDuration(object, ANNOTATION_ROLLOUT_DURATION),
      ...at("spec", validateTraffic((object.spec as RouteSpec).traffic ?? [], "Route")),
    ],
  },
  ConfigMap: {
    schema: CONFIG_MAP_SCHEMA,
    nameRule: "subdomain",
    applyDefaults: KEEP_SPEC,
    validate: validateConfigMap,
  },
  Namespace: { schema: NAMESPACE_SCHEMA, nameRule: "label", applyDefaults: KEEP_SPEC, validate: () => [] },
};

/** Rules that Service and Configuration share: both own a template. */
function validateTemplateOwner(object: KubeObject, previous: KubeObject | null, context: RuleContext): FieldError[] {
  const { template } = object.spec as ConfigurationSpec;
  const before = (previous?.spec as ConfigurationSpec | undefined)?.template;
  const { name, generateName = "" } = object.metadata;
  const parent = { name, generateName: previous === null ? generateName : "" };
  return [
    ...refuseAutoscalingAnnotations(object.metadata),
    ...at("metadata", refuseRouseAnnotations(object.metadata, previous?.metadata)),
    ...at("spec.template", [
      ...validateTemplate(template, parent, context.autoscalerConfig),
      ...at("metadata", validateDurations(template.metadata ?? {}, ANNOTATION_PROGRESS_DEADLINE)),
      ...refuseChangeUnderOneName(template, before),
    ]),
  ];
}

function refuseChangeUnderOneName(template: RevisionTemplate, before: RevisionTemplate | undefined): FieldError[] {
  const name = template.metadata?.name ?? "";
  if (name === "" || before?.metadata?.name !== name || jsonEqual(template, before)) return [];
  return [{ message: "Saw the following changes without a name change (-old +new)", paths: ["metadata.name"] }];
}

function validateDuration(object: KubeObject, key: string): FieldError[] {
  return at("metadata", validateDurations(object.metadata, key));
}

/** A Go duration of whole seconds, not negative. */
function validateDurations(
  metadata: { readonly annotations?: Readonly<Record<string, string>> },
  key: string,
): FieldError[] {
  const text = metadata.annotations?.[key];
  if (text === undefined) return [];
  const durationMs = parseDurationMs(text);
  if (durationMs !== null && durationMs >= 0 && durationMs % 1000 === 0) return [];
  const rule = 'must be a duration of whole seconds such as "90s" or "10m"';
  return [invalidValue(text, `annotations.${key}`, rule)];
}

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

/** Where the ConfigMaps live that configure Rouse itself. */
export const SYSTEM_NAMESPACE = "knative-serving";
export const CONFIG_AUTOSCALER = "config-autoscaler";
export const CONFIG_DOMAIN = "config-domain";
