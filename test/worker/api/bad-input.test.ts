/** Whatever a client sends, it gets an object or a Status that says what is wrong: never a 5xx, never a hang. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Answer, call, get, type Json, post, SERVING, serviceBody } from "./client.ts";

const DEFAULT = "/api/v1/namespaces/default";
const DRY = "?dryRun=All&fieldValidation=Ignore";

/** A right body of each kind that clients write, to be spoilt at one place. */
const BODIES: Readonly<Record<string, Json>> = {
  [`${SERVING}/services`]: {
    ...serviceBody("fuzz", { name: "fuzz-one", annotations: { "autoscaling.knative.dev/min-scale": "1" } }),
    metadata: { name: "fuzz", labels: { a: "b" }, annotations: { c: "d" }, finalizers: [], ownerReferences: [] },
  },
  [`${SERVING}/configurations`]: { ...serviceBody("fuzz"), kind: "Configuration" },
  [`${SERVING}/routes`]: {
    apiVersion: "serving.knative.dev/v1",
    kind: "Route",
    metadata: { name: "fuzz" },
    spec: { traffic: [{ configurationName: "c", latestRevision: true, percent: 100, tag: "t" }] },
  },
  "/apis/serving.knative.dev/v1beta1/namespaces/default/domainmappings": {
    apiVersion: "serving.knative.dev/v1beta1",
    kind: "DomainMapping",
    metadata: { name: "fuzz.example.com" },
    spec: { ref: { apiVersion: "serving.knative.dev/v1", kind: "Service", name: "s", namespace: "default" } },
  },
  [`${DEFAULT}/configmaps`]: { kind: "ConfigMap", metadata: { name: "fuzz" }, data: { a: "b" }, binaryData: {} },
  "/api/v1/namespaces/knative-serving/configmaps": {
    kind: "ConfigMap",
    metadata: { name: "config-autoscaler" },
    data: { "stable-window": "60s" },
  },
  [`${DEFAULT}/secrets`]: { kind: "Secret", metadata: { name: "fuzz" }, data: { a: "Yg==" }, stringData: { c: "d" } },
  "/api/v1/namespaces": { kind: "Namespace", metadata: { name: "fuzz" }, spec: { finalizers: [] } },
};

/** Every member of a value, as paths. */
function pathsOf(value: Json, path: readonly string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.keys(value).flatMap((name) => [[...path, name], ...pathsOf(value[name], [...path, name])]);
}

function spoilt(body: Json, path: readonly string[], value: unknown): Json {
  const copy = structuredClone(body);
  const parent = path.slice(0, -1).reduce((at, name) => at[name], copy);
  parent[path.at(-1) ?? ""] = value;
  return copy;
}

function expectAnswered({ status, body }: Answer, sent: unknown): void {
  expect({ sent, isServerError: status >= 500 }).toEqual({ sent, isServerError: false });
  if (status >= 400) expect(body).toMatchObject({ kind: "Status", status: "Failure", code: status });
}

const anything = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>(null, "", -1, 1e300, "9".repeat(400), "ü", "a/b/c", [[]], [null], { "": {} }, "__proto__"),
);

describe("an object spoilt at any one place", () => {
  test.each(Object.keys(BODIES))("POST %s", async (path) => {
    const body = BODIES[path];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...pathsOf(body)), anything, async (at, value) => {
        const sent = spoilt(body, at, value);
        expectAnswered(await post(path + DRY, sent), sent);
      }),
      { numRuns: 150 },
    );
  });

  test("as a merge patch or a replacement of a Service that is there", async () => {
    await post(`${SERVING}/services`, serviceBody("fuzz-there"));
    const path = `${SERVING}/services/fuzz-there${DRY}`;
    const { spec } = serviceBody("fuzz-there");
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...pathsOf({ spec })), anything, async (at, value) => {
        const sent = spoilt({ spec }, at, value);
        expectAnswered(await call("PATCH", path, sent, { "content-type": "application/merge-patch+json" }), sent);
        expectAnswered(await call("PUT", path, { ...sent, metadata: { name: "fuzz-there" } }), sent);
      }),
      { numRuns: 150 },
    );
  });

  test("as operations of a JSON patch", async () => {
    await post(`${SERVING}/services`, serviceBody("fuzz-patched"));
    const path = `${SERVING}/services/fuzz-patched${DRY}`;
    const pointer = fc.oneof(
      fc.constantFrom("", "/", "/spec", "/spec/template/spec/containers/0", "/metadata/name", "/spec/traffic/-"),
      fc.constantFrom("/spec/template/spec/containers/-1", "/metadata/annotations/toString", "/kind/0", "//"),
      fc.string(),
    );
    const operation = fc.record(
      {
        op: fc.constantFrom("add", "remove", "replace", "move", "copy", "test", "other"),
        path: pointer,
        from: pointer,
        value: anything,
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 6 }), async (sent) => {
        expectAnswered(await call("PATCH", path, sent, { "content-type": "application/json-patch+json" }), sent);
      }),
      { numRuns: 300 },
    );
  });
});

describe("text that is no object", () => {
  test.each([
    ["application/json", "{"],
    ["application/json", "nul"],
    ["application/json", ""],
    ["application/json", '{"metadata":{"name":"\\ud800"}}'],
    ["application/json", "[".repeat(100_000)],
    ["application/yaml", "a: [b"],
    ["application/yaml", "&a [*a]"],
    ["application/yaml", `${"a:\n ".repeat(1)}${"[".repeat(5_000)}`],
    ["application/yaml", "x".repeat(300_000)],
    ["application/octet-stream", "x"],
    ["text/html; charset=utf-8", "<p>"],
    [";;;", "{}"],
  ])("%s %j", async (type, text) => {
    const answer = await call("POST", `${DEFAULT}/configmaps`, text, { "content-type": type });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expectAnswered(answer, text);
  });
});

test("a query that is odd is refused or ignored", async () => {
  const queries = ["labelSelector=%00", "labelSelector=((", "fieldSelector=,,=", "limit=1e9", "continue=v1/1/a/b/c"];
  for (const query of [...queries, "labelSelector=a%20in%20(", "watch=maybe", "limit=%zz", "continue=%F0%9F%92%A9"]) {
    expectAnswered(await get(`${DEFAULT}/configmaps?${query}`), query);
  }
});

test.each([
  "//",
  "/api//",
  "/apis///services",
  "/api/v1/namespaces//configmaps",
  `${DEFAULT}/configmaps/`,
  `${DEFAULT}/configmaps/a/b`,
  `${DEFAULT}/pods/x/log`,
  `${DEFAULT}/%2e%2e/x`,
  "/api/v1/%",
])("a path that is odd names nothing: %s", async (path) => {
  const { status, body } = await get(path);
  expect([status, body.kind, body.reason]).toEqual([404, "Status", "NotFound"]);
});
