/** Admission of Knative's four kinds. */
import { parseDurationMs } from "../duration.ts";
import { ANNOTATION_PROGRESS_DEADLINE, ANNOTATION_ROLLOUT_DURATION } from "./annotations.ts";
import { defaultRouteSpec, defaultServiceSpec, defaultTemplate } from "./defaults.ts";
import { at, type FieldError, invalidValue } from "./field-error.ts";
import { jsonEqual } from "./json.ts";
import type { KindRules, RuleContext } from "./kind-rule.ts";
import { refuseAutoscalingAnnotations, refuseRouseAnnotations } from "./metadata-validation.ts";
import type { KubeObject } from "./object.ts";
import type { RevisionTemplate } from "./pod-spec.ts";
import {
  CONFIGURATION_SCHEMA,
  type ConfigurationSpec,
  REVISION_SCHEMA,
  ROUTE_SCHEMA,
  type RouteSpec,
  SERVICE_SCHEMA,
  type ServiceSpec,
} from "./serving.ts";
import { validateTemplate } from "./template-validation.ts";
import { validateTraffic } from "./traffic-validation.ts";

export const SERVICE_RULES: KindRules = {
  schema: SERVICE_SCHEMA,
  nameRule: "label",
  applyDefaults: (spec, previous, { config }) =>
    defaultServiceSpec((spec ?? {}) as ServiceSpec, (previous ?? null) as ServiceSpec | null, config.defaults),
  validate: (object, previous, context) => [
    ...validateTemplateOwner(object, previous, context),
    ...validateDuration(object, ANNOTATION_ROLLOUT_DURATION),
    ...at("spec", validateTraffic((object.spec as ServiceSpec).traffic ?? [], "Service")),
  ],
};

export const CONFIGURATION_RULES: KindRules = {
  schema: CONFIGURATION_SCHEMA,
  nameRule: "label",
  applyDefaults: (spec, previous, { config }) => {
    const template = (spec as ConfigurationSpec | undefined)?.template as RevisionTemplate;
    const before = (previous as ConfigurationSpec | null)?.template ?? null;
    return { template: defaultTemplate(template, before, config.defaults) };
  },
  validate: (object, previous, context) => validateTemplateOwner(object, previous, context),
};

export const REVISION_RULES: KindRules = {
  schema: REVISION_SCHEMA,
  nameRule: "label",
  applyDefaults: (spec) => spec,
  validate: (object, previous) =>
    previous === null || jsonEqual(object.spec, previous.spec)
      ? []
      : [{ message: "Immutable fields changed (-old +new)", paths: ["spec"] }],
};

export const ROUTE_RULES: KindRules = {
  schema: ROUTE_SCHEMA,
  nameRule: "label",
  applyDefaults: (spec) => defaultRouteSpec((spec ?? {}) as RouteSpec),
  validate: (object) => [
    ...validateDuration(object, ANNOTATION_ROLLOUT_DURATION),
    ...at("spec", validateTraffic((object.spec as RouteSpec).traffic ?? [], "Route")),
  ],
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
      ...validateTemplate(template, parent, context.config),
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
