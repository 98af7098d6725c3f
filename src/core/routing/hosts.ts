/** What host names are made of. */
import { DNS_LABEL_MAX_LENGTH, dns1123SubdomainProblem } from "../name.ts";

export const CLUSTER_LOCAL_DOMAIN = "svc.cluster.local";

/** The name of a target inside the cluster: always by Knative's default template. */
export function hostOf(name: string, namespace: string, domain: string): string {
  return `${name}.${namespace}.${domain}`;
}

/** All names by which cluster-local callers reach a target, the full one last. */
export function clusterLocalHosts(name: string, namespace: string): string[] {
  return [`${name}.${namespace}`, `${name}.${namespace}.svc`, hostOf(name, namespace, CLUSTER_LOCAL_DOMAIN)];
}

/** Whether a host can exist: lower case, labels of 1 to 63 characters, the last not all digits, at most 253 in all. */
export function isHost(host: string): boolean {
  return hostProblem(host) === null;
}

/** Why there can be no such host, in Kubernetes' words; null when there can. */
export function hostProblem(host: string): string | null {
  const syntax = dns1123SubdomainProblem(host);
  if (syntax !== null) return syntax;
  const labels = host.split(".");
  const long = labels.find((label) => label.length > DNS_LABEL_MAX_LENGTH);
  if (long !== undefined) return `${JSON.stringify(long)} must be no more than ${DNS_LABEL_MAX_LENGTH} characters`;
  if (labels.length < 2) return "should be a domain with at least two segments separated by dots";
  return /^[0-9]+$/.test(labels.at(-1) ?? "") ? "must not end in digits only, as an IP address does" : null;
}
