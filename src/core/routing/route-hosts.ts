/**
 * Route → the hosts of each of its targets, by the rules of config-domain and the templates of config-network:
 *
 *     target name   the route's own, or what the tag template makes of route and tag: `green-hello`
 *     public host   the domain template over the target name: `green-hello.default.example.com`
 *     local hosts   `green-hello.default(.svc(.cluster.local))`, whatever the domain template says
 *
 * Source: serving/pkg/reconciler/route/domains, visibility. Vectors: domains.
 */
import type { Config } from "../config/config.ts";
import { DEFAULT_DOMAIN_TEMPLATE, type NetworkConfig } from "../config/network-config.ts";
import type { RouteEntry } from "../protocol/objects.ts";
import type { ObjectMeta } from "../resource/object.ts";
import { type ExecutedTemplate, renderTemplate } from "../template/execute.ts";
import { domainForLabels } from "./domain.ts";
import { CLUSTER_LOCAL_DOMAIN, clusterLocalHosts, hostOf, hostProblem, isHost } from "./hosts.ts";

export type TargetHosts = {
  /** "" for the default target. */
  readonly tag: string;
  /** Also the name of the target's placeholder Service. */
  readonly name: string;
  readonly visibility: RouteEntry["visibility"];
  /** The host of the target's URL: the public one, or the full local one of a cluster-local target. */
  readonly host: string;
  readonly url: string;
  /** Why there can be no such host; null when there can. */
  readonly problem: string | null;
  /** By which callers inside the cluster reach it, without those that cannot be hosts. */
  readonly localHosts: readonly string[];
};

/** What of a route its hosts are made from. */
export type RouteMeta = Pick<ObjectMeta, "name" | "namespace" | "labels" | "annotations">;

export type HostConfig = Pick<Config, "domain" | "network">;

/**
 * @param tag "" for the default target
 * @param isHidden whether the placeholder Service of that name makes its target cluster-local
 */
export function hostsOfTarget(
  route: RouteMeta,
  tag: string,
  isHidden: (targetName: string) => boolean,
  config: HostConfig,
): TargetHosts {
  const { namespace = "" } = route;
  const named = targetName(route.name, tag, config.network);
  const name = named.ok ? named.text : "";
  const domain = domainForLabels(config.domain, route.labels);
  const isLocal = domain === CLUSTER_LOCAL_DOMAIN || isHidden(name);
  const rendered = isLocal
    ? { ok: true as const, text: hostOf(name, namespace, CLUSTER_LOCAL_DOMAIN) }
    : publicHost(route, name, domain, config.network);
  const host = rendered.ok ? rendered.text : "";
  const failed = [named, rendered].find((result) => !result.ok);
  return {
    tag,
    name,
    visibility: isLocal ? "cluster-local" : "external",
    host,
    url: `${isLocal ? "http" : config.network.defaultExternalScheme}://${host}`,
    problem: failed !== undefined && !failed.ok ? failed.message : domainNameProblem(host),
    localHosts: clusterLocalHosts(name, namespace).filter(isHost),
  };
}

/** The name of a target beside its route's: the route's own for the tag "", else by the tag template. */
export function targetName(route: string, tag: string, network: NetworkConfig): ExecutedTemplate {
  return tag === "" ? { ok: true, text: route } : renderTemplate(network.tagTemplate, { Name: route, Tag: tag });
}

function publicHost(route: RouteMeta, name: string, domain: string, network: NetworkConfig): ExecutedTemplate {
  const { namespace = "", labels = {}, annotations = {} } = route;
  // What nearly every installation has: no need to parse it for each target of each route.
  if (network.domainTemplate === DEFAULT_DOMAIN_TEMPLATE) return { ok: true, text: hostOf(name, namespace, domain) };
  const data = { Name: name, Namespace: namespace, Domain: domain, Labels: labels, Annotations: annotations };
  return renderTemplate(network.domainTemplate, data);
}

function domainNameProblem(host: string): string | null {
  const problem = hostProblem(host);
  return problem === null ? null : `invalid domain name ${JSON.stringify(host)}: ${problem}`;
}
