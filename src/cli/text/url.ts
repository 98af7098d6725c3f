import { CLUSTER_LOCAL_DOMAIN } from "../../core/routing/hosts.ts";
import { isLoopback } from "../loopback.ts";

/** A service's URL has no port; behind an edge on this machine it answers at the edge's. Cluster-local ones answer to pods only. */
export function reachableUrl(serviceUrl: string, edgeUrl: string): string {
  if (!URL.canParse(serviceUrl)) return serviceUrl;
  const { hostname, port } = new URL(edgeUrl);
  const url = new URL(serviceUrl);
  if (!isLoopback(hostname) || url.hostname.endsWith(`.${CLUSTER_LOCAL_DOMAIN}`)) return serviceUrl;
  url.port = port;
  return url.origin;
}

/** Where an object that has a URL answers, from here. */
export function urlOf({ status }: { readonly status?: { readonly url?: string } }, edgeUrl: string): string {
  return reachableUrl(status?.url ?? "", edgeUrl);
}
