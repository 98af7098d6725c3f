/** The ConfigMaps of namespace knative-serving, parsed: what an operator may change while everything runs. */
import { type AutoscalerConfig, defaultAutoscalerConfig } from "./autoscaler-config.ts";
import { type DefaultsConfig, defaultDefaultsConfig } from "./defaults-config.ts";
import type { DomainConfig } from "./domain-config.ts";
import { defaultFeaturesConfig, type FeaturesConfig } from "./features-config.ts";
import { defaultGcConfig, type GcConfig } from "./gc-config.ts";
import { defaultNetworkConfig, type NetworkConfig } from "./network-config.ts";

export type Config = {
  readonly autoscaler: AutoscalerConfig;
  readonly defaults: DefaultsConfig;
  readonly domain: DomainConfig;
  readonly features: FeaturesConfig;
  readonly gc: GcConfig;
  readonly network: NetworkConfig;
};

/**
 * What holds while no ConfigMap says otherwise.
 * @param domain the suffix of public hosts
 */
export function defaultConfig(domain: string): Config {
  return {
    autoscaler: defaultAutoscalerConfig(),
    defaults: defaultDefaultsConfig(),
    domain: [{ domain, selector: {} }],
    features: defaultFeaturesConfig(),
    gc: defaultGcConfig(),
    network: defaultNetworkConfig(),
  };
}
