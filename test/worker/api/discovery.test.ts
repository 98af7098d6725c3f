import { describe, expect, test } from "vitest";
import { call, get, type Json, post, TOKEN, worker } from "./client.ts";

const names = (list: Json): string[] => list.resources.map((resource: Json) => resource.name);

describe("groups and versions", () => {
  test("are those of Knative, of the views and of the reviews, v1 before the rest", async () => {
    const { body } = await get("/apis");
    expect(body.groups.map((group: Json) => group.name)).toEqual([
      "serving.knative.dev",
      "autoscaling.internal.knative.dev",
      "networking.internal.knative.dev",
      "apiextensions.k8s.io",
      "authorization.k8s.io",
      "authentication.k8s.io",
    ]);
    expect(body.groups[0].versions.map((version: Json) => version.version)).toEqual(["v1", "v1beta1", "v1alpha1"]);
    expect((await get("/apis/serving.knative.dev")).body.preferredVersion.version).toBe("v1");
    expect((await get("/api")).body.versions).toEqual(["v1"]);
  });

  test("list their kinds with short names, categories and verbs", async () => {
    const { body } = await get("/apis/serving.knative.dev/v1");
    expect(names(body)).toEqual(["services", "configurations", "revisions", "routes"]);
    expect(body.resources[0]).toMatchObject({
      singularName: "service",
      kind: "Service",
      shortNames: ["kservice", "ksvc"],
      categories: ["all", "knative", "serving"],
      verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
    });
    for (const version of ["v1beta1", "v1alpha1"]) {
      expect(names((await get(`/apis/serving.knative.dev/${version}`)).body)).toEqual(["domainmappings"]);
    }
  });

  test("come all at once for clients that know how", async () => {
    const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
    const { body, headers } = await call("GET", "/apis", undefined, { accept });
    expect(headers.get("content-type")).toBe("application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
    expect(body).toMatchObject({ kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2" });
    expect(body.items[0].versions[0].resources[0]).toMatchObject({
      resource: "services",
      responseKind: { group: "serving.knative.dev", version: "v1", kind: "Service" },
      scope: "Namespaced",
    });
  });
});

test("the OpenAPI documents say that the server checks fields, and which there are", async () => {
  const { paths } = (await get("/openapi/v3")).body;
  const document = (await get(paths["apis/serving.knative.dev/v1"].serverRelativeURL)).body;
  const { patch } = document.paths["/apis/serving.knative.dev/v1/namespaces/{namespace}/services/{name}"];
  expect(patch.parameters.map((parameter: Json) => parameter.name)).toContain("fieldValidation");
  const schema = document.components.schemas["dev.knative.serving.v1.Service"];
  expect(schema.properties.spec.properties.traffic.items.properties.percent).toEqual({ type: "integer" });
  const older = await call("GET", "/openapi/v2");
  expect(older.headers.get("content-type")).toBe("application/com.github.proto-openapi.spec.v2.v1.0+protobuf");
  expect(older.body).toContain("dryRun");
  expect((await get("/openapi/v3/apis/other/v1")).status).toBe(404);
});

describe("paths and methods", () => {
  test("that are not served tell which kind of 404 they are", async () => {
    for (const path of ["/apis/none", "/apis/none/v1", "/apis/none/v1/things", "/api/v1/gadgets", "/elsewhere"]) {
      const { status, body } = await get(path);
      expect([path, status]).toEqual([path, 404]);
      expect(body.details.causes[0]).toEqual({ reason: "UnexpectedServerResponse", message: "404 page not found" });
    }
    expect((await get("/api/v1/namespaces/default/configmaps/%zz")).body.details.name).toBe("%zz");
  });

  test("that do not fit are 405, with those that do", async () => {
    const cases = [
      ["POST", "/api/v1/namespaces/default/configmaps/x", "GET, HEAD, PUT, PATCH, DELETE"],
      ["PUT", "/api/v1/namespaces/default/configmaps", "GET, HEAD, POST, DELETE"],
      ["DELETE", "/api/v1/namespaces/default/pods/x", "GET, HEAD"],
      ["OPTIONS", "/api/v1/configmaps", "GET, HEAD"],
      ["POST", "/apis/serving.knative.dev/v1/services", "GET, HEAD"],
    ] as const;
    for (const [method, path, allowed] of cases) {
      const { status, headers } = await call(method, path);
      expect([path, status, headers.get("allow")]).toEqual([path, 405, allowed]);
    }
  });

  test("HEAD answers as GET does, without a body", async () => {
    for (const path of ["/api/v1/namespaces/default", "/api/v1/namespaces?watch=true"]) {
      const { status, body } = await call("HEAD", path);
      expect([status, body]).toEqual([200, ""]);
    }
  });
});

describe("reviews", () => {
  test("allow everything to whoever has the token", async () => {
    const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    const spec = { resourceAttributes: { verb: "get", resource: "pods" } };
    const { status, body } = await post(path, { spec });
    expect(status).toBe(201);
    expect(body).toMatchObject({ kind: "SelfSubjectAccessReview", spec, status: { allowed: true } });
    expect((await post(path, [])).status).toBe(400);
    expect((await get(path)).status).toBe(405);
  });

  test("tell who that is", async () => {
    const { body } = await post("/apis/authentication.k8s.io/v1/selfsubjectreviews", {});
    expect(body.status.userInfo.username).toBe("admin");
  });
});

test("the ingress of Knative's test programs is the address that they call", async () => {
  const path = "/api/v1/namespaces/istio-system/services/istio-ingressgateway";
  const headers = { authorization: `Bearer ${TOKEN}` };
  const service = (await (await worker.fetch(`http://rouse.test:8080${path}`, { headers })).json()) as Json;
  expect(service.status.loadBalancer.ingress).toEqual([{ hostname: "rouse.test" }]);
  expect(service.spec.ports).toMatchObject([{ name: "http2", port: 80, nodePort: 8080 }]);
});

test("health needs no token", async () => {
  for (const path of ["/healthz", "/livez", "/readyz"]) {
    expect(await (await worker.fetch(`http://rouse.test${path}`)).text()).toBe("ok");
  }
});
