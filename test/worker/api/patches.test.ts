import { beforeEach, describe, expect, test } from "vitest";
import { type Answer, call, get, mergePatch, post, remove } from "./client.ts";

const MAPS = "/api/v1/namespaces/default/configmaps";
const MAP = `${MAPS}/patched`;
const patch = (type: string, body: unknown, path = MAP): Promise<Answer> =>
  call("PATCH", path, body, { "content-type": `application/${type}` });
const LIST = { op: "add", path: "/metadata/finalizers", value: [] };
const jsonPatch = (...operations: readonly unknown[]) => patch("json-patch+json", operations);

beforeEach(async () => {
  await remove(MAP);
  await post(MAPS, { metadata: { name: "patched" }, data: { a: "1", b: "2" } });
});

describe("a JSON patch", () => {
  test("is carried out in order", async () => {
    const { status, body } = await jsonPatch(
      { op: "test", path: "/data/a", value: "1" },
      { op: "add", path: "/metadata/labels", value: { "x/y": "z" } },
      { op: "replace", path: "/metadata/labels/x~1y", value: "w" },
      { op: "move", from: "/data/b", path: "/data/c" },
      { op: "copy", from: "/data/c", path: "/data/d" },
      { op: "remove", path: "/data/a" },
    );
    expect(status).toBe(200);
    expect(body.data).toEqual({ c: "2", d: "2" });
    expect(body.metadata.labels).toEqual({ "x/y": "w" });
  });

  test("whose test fails changes nothing and is 422", async () => {
    const { status, body } = await jsonPatch(
      { op: "add", path: "/data/z", value: "9" },
      { op: "test", path: "/data/a", value: "other" },
    );
    expect([status, body.reason]).toEqual([422, "Invalid"]);
    expect(body.message).toContain('operation 1, test at "/data/a"');
    expect((await get(MAP)).body.data).toEqual({ a: "1", b: "2" });
  });

  test.each([
    ["a path that is not there", [{ op: "remove", path: "/data/none" }], 422],
    ["a path through a text", [{ op: "add", path: "/data/a/0", value: "x" }], 422],
    ["an unknown operation", [{ op: "grow", path: "/data" }], 400],
    ["no path", [{ op: "add", value: 1 }], 400],
    ["a pointer without a slash", [{ op: "remove", path: "data" }], 400],
    ["no list", { op: "remove", path: "/data" }, 400],
    ["the prototype", [{ op: "add", path: "/__proto__/polluted", value: true }], 400],
    ["a constructor", [{ op: "add", path: "/data/constructor/prototype/polluted", value: true }], 400],
    ["the length of a list", [LIST, { op: "replace", path: "/metadata/finalizers/length", value: 30_000_000 }], 422],
    ["an index behind the end of a list", [LIST, { op: "copy", from: "/data/a", path: "/metadata/finalizers/7" }], 422],
    ["the length of a text", [{ op: "copy", from: "/data/a/length", path: "/data/c" }], 422],
    ["what objects inherit", [{ op: "remove", path: "/data/toString" }], 422],
    ["what makes no valid object", [{ op: "replace", path: "/data", value: 7 }], 400],
    ["too many operations", Array(10_001).fill({ op: "test", path: "/data/a", value: "1" }), 413],
  ])("with %s is refused", async (_, body, code) => {
    const answer = await patch("json-patch+json", body);
    expect([answer.status, answer.body.kind]).toEqual([code, "Status"]);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test("that doubles the object again and again is stopped", async () => {
    const copies = Array.from({ length: 60 }, (_, i) => ({ op: "copy", from: "/data", path: `/data/x${i}` }));
    const { status, body } = await patch("json-patch+json", copies);
    expect([400, 413, 422]).toContain(status);
    expect(body.kind).toBe("Status");
  });
});

test("a JSON patch that nests an object in itself is refused before it is stored", async () => {
  const namespace = "/api/v1/namespaces/nested";
  await post("/api/v1/namespaces", { metadata: { name: "nested" }, spec: { a: {} } });
  for (const [doublings, code] of [
    [4, 200],
    [7, 400],
    [12, 400],
  ]) {
    const copies = Array.from({ length: Number(doublings) }, (_, i) => {
      return { op: "copy", from: "/spec", path: `/spec${"/a".repeat(2 ** i)}` };
    });
    const start = { op: "replace", path: "/spec", value: { a: {} } };
    expect((await patch("json-patch+json", [start, ...copies], namespace)).status).toBe(code);
  }
  expect((await get("/api/v1/namespaces")).status).toBe(200);
});

describe("a merge patch", () => {
  test("merges, and null deletes", async () => {
    const { body } = await mergePatch(MAP, { data: { a: null, c: "3" } });
    expect(body.data).toEqual({ b: "2", c: "3" });
  });

  test("may have parameters on its media type", async () => {
    expect((await patch("merge-patch+json; charset=utf-8", { data: { c: "3" } })).status).toBe(200);
  });

  test("with a resourceVersion is conditional", async () => {
    const { resourceVersion } = (await get(MAP)).body.metadata;
    const conditional = { metadata: { resourceVersion }, data: { c: "3" } };
    expect((await mergePatch(MAP, conditional)).status).toBe(200);
    expect((await mergePatch(MAP, conditional)).body.reason).toBe("Conflict");
  });

  test("that is no object is refused", async () => {
    for (const body of ["null", "[]", "7", ""]) expect((await mergePatch(MAP, body)).status).toBe(400);
  });
});

describe("a strategic merge patch", () => {
  test("is taken for core kinds", async () => {
    const { body } = await patch("strategic-merge-patch+json", { metadata: { labels: { a: "b" } } });
    expect(body.metadata.labels).toEqual({ a: "b" });
  });

  test("with directives is refused by their name", async () => {
    const { status, body } = await patch("strategic-merge-patch+json", { data: { $patch: "replace" } });
    expect(status).toBe(400);
    expect(body.message).toContain("$patch is not supported");
  });

  test("is not for Knative's kinds, as in Kubernetes", async () => {
    const path = "/apis/serving.knative.dev/v1/namespaces/default/services/any";
    const { status, body } = await patch("strategic-merge-patch+json", {}, path);
    expect(status).toBe(415);
    expect(body.message).toBe(
      "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json",
    );
  });
});

test("server-side apply is refused with 415", async () => {
  expect((await patch("apply-patch+yaml", {})).body.reason).toBe("UnsupportedMediaType");
});

test("a patch with dryRun answers with what would be, and keeps nothing", async () => {
  const { body } = await mergePatch(`${MAP}?dryRun=All`, { data: { a: "9" } });
  expect(body.data.a).toBe("9");
  expect((await get(MAP)).body.data.a).toBe("1");
});

describe("what a patch says twice", () => {
  test.each([
    ["merge-patch+json", '{"data":{"a":"3","a":"4"}}', "data.a"],
    ["json-patch+json", '[{"op":"replace","path":"/data/a","value":"3","value":"4"}]', "[0].value"],
    ["strategic-merge-patch+json", '{"data":{"a":"3"},"data":{"a":"4"}}', "data"],
  ])("is refused, told or taken as fieldValidation says: %s", async (type, body, field) => {
    const strict = await patch(type, body, `${MAP}?fieldValidation=Strict`);
    expect([strict.status, strict.body.message]).toEqual([
      400,
      `ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: duplicate field "${field}"`,
    ]);
    expect((await get(MAP)).body.data.a).toBe("1");
    const ignored = await patch(type, body, `${MAP}?fieldValidation=Ignore`);
    expect([ignored.status, ignored.headers.get("warning")]).toEqual([200, null]);
    const warned = await patch(type, body);
    expect([warned.status, warned.headers.get("warning")]).toEqual([200, `299 - "duplicate field \\"${field}\\""`]);
    expect(warned.body.data.a).toBe("4");
  });
});
