/** The ConfigMap behind each section of the config: its name, how it is read, and the `_example` that it is born with. */
import { AUTOSCALER_EXAMPLE, isAutoscalerKey, parseAutoscalerConfig } from "./autoscaler-config.ts";
import type { Config } from "./config.ts";
import { DEFAULTS_EXAMPLE, isDefaultsKey, parseDefaultsConfig } from "./defaults-config.ts";
import { DOMAIN_EXAMPLE, type ParseYaml, parseDomainConfig } from "./domain-config.ts";
import { FEATURES_EXAMPLE, isFeature, parseFeaturesConfig } from "./features-config.ts";
import { GC_EXAMPLE, isGcKey, parseGcConfig } from "./gc-config.ts";
import { isNetworkKey, NETWORK_EXAMPLE, parseNetworkConfig } from "./network-config.ts";
import type { ConfigData, ConfigResult } from "./rows.ts";

export type Section = keyof Config;

export type ConfigMapFormat<T> = {
  readonly name: string;
  /** @returns the typed value with defaults filled in, or every problem with the key it belongs to */
  readonly parse: (data: ConfigData, parseYaml: ParseYaml) => ConfigResult<T>;
  readonly example: string;
  /** Whether a value that was taken means anything: other keys are ignored, as in Knative. */
  readonly hasEffect: (key: string, text: string) => boolean;
};

export const CONFIG_MAPS: { readonly [S in Section]: ConfigMapFormat<Config[S]> } = {
  autoscaler: {
    name: "config-autoscaler",
    parse: parseAutoscalerConfig,
    example: AUTOSCALER_EXAMPLE,
    hasEffect: isAutoscalerKey,
  },
  defaults: {
    name: "config-defaults",
    parse: parseDefaultsConfig,
    example: DEFAULTS_EXAMPLE,
    hasEffect: isDefaultsKey,
  },
  domain: { name: "config-domain", parse: parseDomainConfig, example: DOMAIN_EXAMPLE, hasEffect: () => true },
  features: { name: "config-features", parse: parseFeaturesConfig, example: FEATURES_EXAMPLE, hasEffect: isFeature },
  gc: { name: "config-gc", parse: parseGcConfig, example: GC_EXAMPLE, hasEffect: isGcKey },
  network: { name: "config-network", parse: parseNetworkConfig, example: NETWORK_EXAMPLE, hasEffect: isNetworkKey },
};

export const SECTIONS = Object.keys(CONFIG_MAPS) as readonly Section[];

/** The section that a ConfigMap of the system's namespace configures; undefined for any other name. */
export function sectionOf(name: string): Section | undefined {
  return SECTIONS.find((section) => CONFIG_MAPS[section].name === name);
}
