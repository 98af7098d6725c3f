/** Where the API keeps each kind of object. */
import { CliError } from "../cli-error.ts";
import type { Manifest } from "./manifest.ts";

/** `<apiVersion>/<kind>` → plural name in URLs. */
const PLURALS: Readonly<Record<string, string>> = {
  "serving.knative.dev/v1/Service": "services",
  "serving.knative.dev/v1/Route": "routes",
  "serving.knative.dev/v1/Configuration": "configurations",
  "serving.knative.dev/v1beta1/DomainMapping": "domainmappings",
  "v1/ConfigMap": "configmaps",
  "v1/Secret": "secrets",
};

export const SERVICE_API = "serving.knative.dev/v1";

/** e.g. `/apis/serving.knative.dev/v1/namespaces/default/services` */
export function collectionPath(apiVersion: string, kind: string, namespace: string): string {
  const plural = PLURALS[`${apiVersion}/${kind}`];
  if (plural === undefined) {
    const known = Object.keys(PLURALS).join(", ");
    throw new CliError(`${apiVersion} ${kind} is no kind that rouse can apply`, `It knows ${known}.`);
  }
  const root = apiVersion.includes("/") ? "/apis" : "/api";
  return `${root}/${apiVersion}/namespaces/${encodeURIComponent(namespace)}/${plural}`;
}

export function objectPath({ apiVersion, kind, metadata }: Manifest): string {
  return `${collectionPath(apiVersion, kind, metadata.namespace)}/${encodeURIComponent(metadata.name)}`;
}
