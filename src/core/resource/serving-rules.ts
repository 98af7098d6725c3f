/** Admission of Knative's four kinds. Source: Knative's *_validation.go and *_defaults.go of each kind */
import { LABEL_CONFIGURATION, LABEL_SERVICE } from "./annotations.ts";
import { defaultRouteSpec, defaultServiceSpec, defaultTemplate } from "./defaults.ts";
import { ROLLOUT_DURATION_KEYS, validateDurations } from "./duration-annotation.ts";
import { at, type FieldError, generic } from "./field-error.ts";
import { jsonEqual } from "./json.ts";
import { describeChanges } from "./json-diff.ts";
import type { KindRules, RuleContext } from "./kind-rule.ts";
import {
  refuseAutoscalingAnnotations,
  refuseRouseAnnotations,
  validateOwnerLabel,
  validateVisibility,
} from "./metadata-validation.ts";
import type { KubeObject, ObjectMeta } from "./object.ts";
import type { RevisionSpec, RevisionTemplate } from "./pod-spec.ts";
import {
  CONFIGURATION_SCHEMA,
  type ConfigurationSpec,
  REVISION_SCHEMA,
  ROUTE_SCHEMA,
  type RouteSpec,
  SERVICE_SCHEMA,
  type ServiceSpec,
} from "./serving.ts";
import { type TemplateOwner, validateScaling, validateTemplate } from "./template-validation.ts";
import { validateTraffic } from "./traffic-validation.ts";

export const SERVICE_RULES: KindRules = {
  schema: SERVICE_SCHEMA,
  nameRule: "label",
  applyDefaults: (spec, previous, { config }, owner) =>
    defaultServiceSpec((spec ?? {}) as Partial<ServiceSpec>, (previous ?? null) as ServiceSpec | null, config, owner),
  validate: (object, previous, context) => [
    ...validateVisibility(object.metadata),
    ...validateRollout(object.metadata),
    ...validateTemplateOwner(object, previous, context),
    ...at("spec", validateTraffic((object.spec as ServiceSpec).traffic ?? [], "Service")),
  ],
};

export const CONFIGURATION_RULES: KindRules = {
  schema: CONFIGURATION_SCHEMA,
  nameRule: "label",
  applyDefaults: (spec, previous, { config }, owner) => {
    const { template } = (spec ?? {}) as Partial<ConfigurationSpec>;
    const before = (previous as ConfigurationSpec | null)?.template ?? null;
    return { template: defaultTemplate(template, before, config, owner) };
  },
  validate: (object, previous, context) => [
    ...validateOwnerLabel(object.metadata, LABEL_SERVICE, "Service"),
    ...validateTemplateOwner(object, previous, context),
  ],
};

/**
 * A Revision is made by its Configuration, or by a client that brings an old one back (kn service import). From then on only
 * its labels and annotations change.
 */
export const REVISION_RULES: KindRules = {
  schema: REVISION_SCHEMA,
  nameRule: "label",
  applyDefaults: (spec, previous, { config }, owner) =>
    previous === null ? defaultTemplate({ spec: spec as RevisionSpec }, null, config, owner).spec : spec,
  validate: (object, previous, { config }) => {
    if (previous !== null && !jsonEqual(object.spec, previous.spec)) {
      const details = describeChanges("{v1.RevisionSpec}", previous.spec, object.spec);
      return [generic("Immutable fields changed (-old +new)", "spec", details)];
    }
    const { annotations = {} } = object.metadata;
    const template = { metadata: { annotations }, spec: object.spec as RevisionSpec };
    return [
      ...validateOwnerLabel(object.metadata, LABEL_CONFIGURATION, "Configuration"),
      ...(previous === null
        ? validateTemplate(template, { name: "", generateName: "" }, config)
        : at("metadata.annotations", validateScaling(annotations, config))),
    ];
  },
};

export const ROUTE_RULES: KindRules = {
  schema: ROUTE_SCHEMA,
  nameRule: "label",
  applyDefaults: (spec) => defaultRouteSpec((spec ?? {}) as RouteSpec),
  validate: (object) => [
    ...validateVisibility(object.metadata),
    ...validateOwnerLabel(object.metadata, LABEL_SERVICE, "Service"),
    ...refuseAutoscalingAnnotations(object.metadata),
    ...validateRollout(object.metadata),
    ...at("spec", validateTraffic((object.spec as RouteSpec).traffic ?? [], "Route")),
  ],
};

/** Rules that Service and Configuration share: both own a template. */
function validateTemplateOwner(object: KubeObject, previous: KubeObject | null, context: RuleContext): FieldError[] {
  const { template } = object.spec as ConfigurationSpec;
  const before = (previous?.spec as ConfigurationSpec | undefined)?.template;
  return [
    ...refuseAutoscalingAnnotations(object.metadata),
    ...at("metadata", refuseRouseAnnotations(object.metadata, previous?.metadata)),
    ...at("spec.template", [
      ...validateTemplate(template, ownerOf(object.metadata, previous === null), context.config),
      ...refuseChangeUnderOneName(template, before),
    ]),
  ];
}

/** While it is being made, an object with a generated name counts as one without: its author cannot know it. */
function ownerOf({ name, generateName = "" }: ObjectMeta, isCreate: boolean): TemplateOwner {
  const isGenerated = isCreate && generateName !== "" && name.startsWith(generateName.slice(0, 58));
  return isGenerated ? { name: "", generateName } : { name, generateName: "" };
}

function refuseChangeUnderOneName(template: RevisionTemplate, before: RevisionTemplate | undefined): FieldError[] {
  const name = template.metadata?.name ?? "";
  if (name === "" || before?.metadata?.name !== name || jsonEqual(template, before)) return [];
  const details = describeChanges("{*v1.RevisionTemplateSpec}", before, template);
  return [generic("Saw the following changes without a name change (-old +new)", "metadata.name", details)];
}

function validateRollout(metadata: ObjectMeta): FieldError[] {
  return at("metadata.annotations", validateDurations(metadata.annotations ?? {}, ROLLOUT_DURATION_KEYS));
}
