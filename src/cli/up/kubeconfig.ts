/**
 * The kubeconfig of a local installation. kn and kubectl drop credentials over plain http, so the admin token is a part of the
 * server's path; the edge takes it there from loopback only.
 */
import { stringify } from "yaml";

export function localApiUrl(origin: string, adminToken: string): string {
  return `${origin}/k/${adminToken}`;
}

/** @param server the API's URL, with the token in it where the transport is plain http */
export function kubeconfigText(server: string, namespace = "default"): string {
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "rouse", cluster: { server } }],
    users: [{ name: "admin", user: {} }],
    contexts: [{ name: "rouse", context: { cluster: "rouse", user: "admin", namespace } }],
    "current-context": "rouse",
  });
}
