/** Host names of a Route. */
import { DNS_LABEL_MAX_LENGTH } from "../name.ts";

export const CLUSTER_LOCAL_DOMAIN = "svc.cluster.local";

/** The name that a tag gets beside its route: `green-hello`; the route's own for "". */
export function targetName(route: string, tag: string): string {
  return tag === "" ? route : `${tag}-${route}`;
}

export function hostOf(name: string, namespace: string, domain: string): string {
  return `${name}.${namespace}.${domain}`;
}

/** All names by which cluster-local callers reach a target, the full one last. */
export function clusterLocalHosts(name: string, namespace: string): string[] {
  return [`${name}.${namespace}`, `${name}.${namespace}.svc`, hostOf(name, namespace, CLUSTER_LOCAL_DOMAIN)];
}

/** Whether a host can exist: lower case, labels of 1 to 63 characters, the last not all digits, at most 253 in all. */
export function isHost(host: string): boolean {
  const labels = host.split(".");
  return (
    host.length <= 253 &&
    labels.length >= 2 &&
    labels.every((label) => label.length <= DNS_LABEL_MAX_LENGTH && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(label)) &&
    !/^[0-9]+$/.test(labels.at(-1) ?? "")
  );
}
