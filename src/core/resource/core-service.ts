/** The core group's Service, as far as there is one here: the placeholder that a Route makes for each of its names. */
import type { KindRules } from "./kind-rule.ts";
import type { Resource } from "./object.ts";
import { any } from "./schema.ts";
import { kindSchema } from "./serving.ts";

export type CoreService = Resource<CoreServiceSpec, unknown>;
export type CoreServiceSpec = {
  readonly type: "ExternalName";
  /** The host at which the target answers. */
  readonly externalName: string;
  readonly sessionAffinity: "None";
  readonly ports: readonly {
    readonly name: string;
    readonly port: number;
    readonly protocol: "TCP";
    readonly targetPort: number;
  }[];
};

export const CORE_SERVICE_RULES: KindRules = {
  schema: kindSchema({ spec: any }),
  nameRule: "label",
  applyDefaults: (spec) => spec,
  validate: () => [],
};
