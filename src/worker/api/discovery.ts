/** What clients ask to learn which kinds there are: /version, /api, /apis and the list of each group and version. */
import { Hono } from "hono";
import { SERVED_TYPES, SERVING_API_VERSION, SERVING_GROUP } from "../../core/resource/resource-type.ts";
import type { ApiEnvironment } from "./environment.ts";

/** The Kubernetes version whose wire conventions this API follows. */
const VERSION = { major: "1", minor: "33", gitVersion: "v1.33.0-rouse" };
/**
 * `kubectl apply` validates against the OpenAPI document before it sends anything. An empty document of this type makes it
 * leave validation to the server; the official name of the type has an `@`, which is no legal media type and fails.
 */
const OPENAPI_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
const SERVING = {
  name: SERVING_GROUP,
  versions: [{ groupVersion: SERVING_API_VERSION, version: "v1" }],
  preferredVersion: { groupVersion: SERVING_API_VERSION, version: "v1" },
};

export function discoveryRoutes(): Hono<ApiEnvironment> {
  return new Hono<ApiEnvironment>()
    .get("/openapi/v2", () => new Response(null, { headers: { "content-type": OPENAPI_TYPE } }))
    .get("/version", (c) => c.json(VERSION))
    .get("/api", (c) => c.json({ kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [] }))
    .get("/apis", (c) => c.json({ kind: "APIGroupList", apiVersion: "v1", groups: [SERVING] }))
    .get("/api/v1", (c) => c.json(resourceList("v1")))
    .get(`/apis/${SERVING_GROUP}`, (c) => c.json({ kind: "APIGroup", apiVersion: "v1", ...SERVING }))
    .get(`/apis/${SERVING_API_VERSION}`, (c) => c.json(resourceList(SERVING_API_VERSION)));
}

function resourceList(groupVersion: string) {
  const resources = SERVED_TYPES.filter((type) => type.apiVersion === groupVersion).map((type) => ({
    name: type.plural,
    singularName: type.kind.toLowerCase(),
    namespaced: type.isNamespaced,
    kind: type.wireKind,
    verbs: type.verbs.includes("list") ? [...type.verbs, "watch"] : type.verbs,
    shortNames: type.shortNames,
    ...(type.group === SERVING_GROUP ? { categories: ["all", "knative", "serving"] } : {}),
  }));
  return { kind: "APIResourceList", apiVersion: "v1", groupVersion, resources };
}
