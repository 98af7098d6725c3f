/** What admission needs to know of a kind. Objects have passed the schema when they get to its rules. */
import type { Config } from "../config/config.ts";
import type { ParseYaml } from "../config/domain-config.ts";
import type { FieldError } from "./field-error.ts";
import type { KubeObject, ObjectMeta } from "./object.ts";
import type { Schema } from "./schema.ts";

export type RuleContext = {
  readonly config: Config;
  readonly parseYaml: ParseYaml;
  /** Where the API itself answers; absent or "" when it has no host of its own. */
  readonly controlHost?: string;
};

/** The metadata, as sent, of the object that has the spec; the name is "" while it is to be generated. */
export type SpecOwner = Pick<Partial<ObjectMeta>, "name" | "generateName" | "namespace" | "labels" | "annotations">;

export type KindRules = {
  readonly schema: Schema;
  /** Names of Knative's kinds become host names; the rest follow Kubernetes' wider rule. */
  readonly nameRule: "label" | "subdomain";
  /** The object as it is kept: fields that may only be written go where they belong. Before validation. */
  readonly normalize?: (object: KubeObject) => KubeObject;
  /** The spec with defaults. `previous` is the stored spec on an update, null on create. */
  readonly applyDefaults: (spec: unknown, previous: unknown, context: RuleContext, owner: SpecOwner) => unknown;
  /** Problems with paths relative to the object. */
  readonly validate: (object: KubeObject, previous: KubeObject | null, context: RuleContext) => FieldError[];
};
