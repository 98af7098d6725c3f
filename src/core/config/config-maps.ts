/** The ConfigMap behind each section of the config: its name, how it is read, and the `_example` that it is born with. */
import { AUTOSCALER_EXAMPLE, parseAutoscalerConfig } from "./autoscaler-config.ts";
import type { Config } from "./config.ts";
import { DEFAULTS_EXAMPLE, parseDefaultsConfig } from "./defaults-config.ts";
import { DOMAIN_EXAMPLE, type ParseYaml, parseDomainConfig } from "./domain-config.ts";
import { FEATURES_EXAMPLE, parseFeaturesConfig } from "./features-config.ts";
import { GC_EXAMPLE, parseGcConfig } from "./gc-config.ts";
import { NETWORK_EXAMPLE, parseNetworkConfig } from "./network-config.ts";
import type { ConfigData, ConfigResult } from "./rows.ts";

export type Section = keyof Config;

export type ConfigMapFormat<T> = {
  readonly name: string;
  /** @returns the typed value with defaults filled in, or every problem with the key it belongs to */
  readonly parse: (data: ConfigData, parseYaml: ParseYaml) => ConfigResult<T>;
  readonly example: string;
};

export const CONFIG_MAPS: { readonly [S in Section]: ConfigMapFormat<Config[S]> } = {
  autoscaler: { name: "config-autoscaler", parse: parseAutoscalerConfig, example: AUTOSCALER_EXAMPLE },
  defaults: { name: "config-defaults", parse: parseDefaultsConfig, example: DEFAULTS_EXAMPLE },
  domain: { name: "config-domain", parse: parseDomainConfig, example: DOMAIN_EXAMPLE },
  features: { name: "config-features", parse: parseFeaturesConfig, example: FEATURES_EXAMPLE },
  gc: { name: "config-gc", parse: parseGcConfig, example: GC_EXAMPLE },
  network: { name: "config-network", parse: parseNetworkConfig, example: NETWORK_EXAMPLE },
};

export const SECTIONS = Object.keys(CONFIG_MAPS) as readonly Section[];

/** The section that a ConfigMap of the system's namespace configures; undefined for any other name. */
export function sectionOf(name: string): Section | undefined {
  return SECTIONS.find((section) => CONFIG_MAPS[section].name === name);
}
