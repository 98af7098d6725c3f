/**
 * ConfigMap config-network, the keys that mean something here.
 * Source: knative.dev/networking/pkg/config/config.go
 */
export type NetworkConfig = {
  /** Go templates; see domain-template.ts. */
  readonly domainTemplate: string;
  readonly tagTemplate: string;
  readonly defaultExternalScheme: "http" | "https";
  /** 0 = traffic moves at once. */
  readonly rolloutDurationSec: number;
};

export function defaultNetworkConfig(): NetworkConfig {
  return {
    domainTemplate: "{{.Name}}.{{.Namespace}}.{{.Domain}}",
    tagTemplate: "{{.Tag}}-{{.Name}}",
    defaultExternalScheme: "http",
    rolloutDurationSec: 0,
  };
}
