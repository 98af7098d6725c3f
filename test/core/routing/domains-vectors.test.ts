/** The golden vectors of domains.json against config-domain, the templates of config-network and the hosts of a route. */
import { describe, expect, test } from "vitest";
import { completeDomains, parseDomainConfig } from "../../../src/core/config/domain-config.ts";
import { parseNetworkConfig } from "../../../src/core/config/network-config.ts";
import { domainForLabels } from "../../../src/core/routing/domain.ts";
import { CLUSTER_LOCAL_DOMAIN } from "../../../src/core/routing/hosts.ts";
import { hostsOfTarget } from "../../../src/core/routing/route-hosts.ts";
import { parseYaml } from "../../../src/durable/control-plane/yaml.ts";
import { loadVectors } from "../../vectors.ts";

type Vector = {
  readonly id: string;
  readonly note: string;
  readonly config_domain: Readonly<Record<string, string>>;
  readonly domain_template?: string;
  readonly tag_template?: string;
  readonly route_name: string;
  readonly route_namespace: string;
  readonly route_labels?: Readonly<Record<string, string>>;
  readonly route_annotations?: Readonly<Record<string, string>>;
  readonly placeholder_service_visibility?: Readonly<Record<string, string>>;
  readonly want_config_error?: boolean;
  readonly want_domain: string;
  readonly want_targets: readonly Target[] | null;
};

type Target = {
  readonly tag: string;
  readonly want_visibility: "ExternalIP" | "ClusterLocal";
  readonly want_hostname: string;
  readonly want_public_host?: string;
  readonly want_public_host_invalid?: boolean;
  readonly want_cluster_local_hosts: readonly string[];
  readonly want_status_url_host?: string;
};

function configOf(vector: Vector) {
  const domain = parseDomainConfig(vector.config_domain, parseYaml);
  const network = parseNetworkConfig({
    ...(vector.domain_template === undefined ? {} : { "domain-template": vector.domain_template }),
    ...(vector.tag_template === undefined ? {} : { "tag-template": vector.tag_template }),
  });
  // Knative's default while nothing is configured; here it is what the environment says.
  if (!domain.ok || !network.ok) return null;
  return { domain: completeDomains(domain.config, CLUSTER_LOCAL_DOMAIN), network: network.config };
}

describe("domains.json", () => {
  test.each(loadVectors<Vector>("domains").cases)("$id: $note", (vector) => {
    const config = configOf(vector);
    expect(config === null).toBe(vector.want_config_error ?? false);
    if (config === null) return;
    const route = {
      name: vector.route_name,
      namespace: vector.route_namespace,
      labels: vector.route_labels ?? {},
      annotations: vector.route_annotations ?? {},
    };
    const isHidden = (name: string) => (vector.placeholder_service_visibility?.[name] ?? "") !== "";
    expect(domainForLabels(config.domain, route.labels)).toBe(vector.want_domain);
    for (const wanted of vector.want_targets ?? []) {
      const hosts = hostsOfTarget(route, wanted.tag, isHidden, config);
      const isExternal = wanted.want_visibility === "ExternalIP";
      expect(hosts.visibility).toBe(isExternal ? "external" : "cluster-local");
      expect(hosts.name).toBe(wanted.want_hostname);
      expect([...hosts.localHosts].sort()).toEqual(wanted.want_cluster_local_hosts);
      expect(hosts.problem === null).toBe(wanted.want_status_url_host !== undefined);
      if (wanted.want_status_url_host !== undefined) expect(hosts.url).toBe(`http://${wanted.want_status_url_host}`);
      if (isExternal && hosts.problem === null) expect(hosts.host).toBe(wanted.want_public_host);
      if (isExternal) expect(hosts.problem !== null).toBe(wanted.want_public_host_invalid ?? false);
    }
  });
});
