import { describe, expect, test } from "vitest";
import { call, get, mergePatch, post, put, remove, SERVING, serviceBody } from "./client.ts";

const MAPS = "/api/v1/namespaces/default/configmaps";
const map = (name: string, more: object = {}) => ({ metadata: { name }, ...more });

describe("dryRun", () => {
  test("keeps nothing of a create, a replacement or a deletion", async () => {
    expect((await post(`${MAPS}?dryRun=All`, map("dry"))).status).toBe(201);
    expect((await get(`${MAPS}/dry`)).status).toBe(404);
    const { body } = await post(MAPS, map("dry", { data: { a: "1" } }));
    expect((await put(`${MAPS}/dry?dryRun=All`, { ...body, data: { a: "2" } })).body.data.a).toBe("2");
    expect((await remove(`${MAPS}/dry?dryRun=All`)).body.status).toBe("Success");
    expect((await call("DELETE", `${MAPS}/dry`, { dryRun: ["All"] })).body.status).toBe("Success");
    expect((await get(`${MAPS}/dry`)).body.data.a).toBe("1");
  });

  test("has one value", async () => {
    for (const answer of [
      await post(`${MAPS}?dryRun=Some`, map("x")),
      await mergePatch(`${MAPS}/x?dryRun=Some`, {}),
      await remove(`${MAPS}/x?dryRun=Some`),
    ]) {
      expect(answer.status).toBe(422);
      expect(answer.body.message).toContain('dryRun: Unsupported value: "Some": supported values: "All"');
    }
  });
});

describe("fieldValidation", () => {
  const odd = (name: string) => {
    const body = serviceBody(name);
    body.spec.colour = "green";
    return body;
  };

  test("Strict refuses an unknown field, Warn names it in a header, Ignore is silent", async () => {
    const path = (mode: string) => `${SERVING}/services?fieldValidation=${mode}`;
    expect((await post(path("Strict"), odd("strict"))).status).toBe(400);
    const warned = await post(path("Warn"), odd("warned"));
    expect(warned.headers.get("warning")).toBe('299 - "unknown field \\"spec.colour\\""');
    expect((await post(path("Ignore"), odd("ignored"))).headers.get("warning")).toBeNull();
    const patched = await mergePatch(`${SERVING}/services/warned`, { spec: { shape: "round" } });
    expect(patched.headers.get("warning")).toContain("spec.shape");
  });

  test("looks for what a body says twice", async () => {
    const body = '{"metadata":{"name":"twice"},"data":{"a":"1","a":"2"}}';
    const strict = await call("POST", `${MAPS}?fieldValidation=Strict`, body);
    expect(strict.body.message).toBe(
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: duplicate field "data.a"',
    );
    const warned = await call("POST", MAPS, body);
    expect(warned.headers.get("warning")).toBe('299 - "duplicate field \\"data.a\\""');
    expect(warned.body.data).toEqual({ a: "2" });
  });

  test("warns of names that no header can carry", async () => {
    const body = { ...map("wild"), "line\r\nend ü": 1, ["x".repeat(1_000_000)]: 1 };
    const warning = (await post(MAPS, body)).headers.get("warning") ?? "";
    expect(warning).toContain("unknown field");
    expect(warning.length).toBeLessThan(1_000);
  });

  test("has three values", async () => {
    expect((await post(`${MAPS}?fieldValidation=Maybe`, map("x"))).status).toBe(422);
  });
});

describe("delete", () => {
  test("answers with a Status that names what is gone", async () => {
    const { uid } = (await post(MAPS, map("gone"))).body.metadata;
    const { body } = await call("DELETE", `${MAPS}/gone`, { propagationPolicy: "Background", gracePeriodSeconds: 0 });
    expect(body).toMatchObject({ status: "Success", details: { name: "gone", kind: "configmaps", uid } });
  });

  test("holds to its preconditions", async () => {
    const { uid } = (await post(MAPS, map("kept"))).body.metadata;
    const other = await call("DELETE", `${MAPS}/kept`, { preconditions: { uid: "other" } });
    expect(other.body.message).toContain(`UID in precondition: other, UID in object meta: ${uid}`);
    expect((await call("DELETE", `${MAPS}/kept`, { preconditions: { resourceVersion: "1" } })).status).toBe(409);
    expect((await call("DELETE", `${MAPS}/kept`, { preconditions: { uid } })).status).toBe(200);
  });

  test("takes preconditions that are null for none", async () => {
    for (const preconditions of [null, { uid: null, resourceVersion: null }]) {
      await post(MAPS, map("unconditional"));
      expect((await call("DELETE", `${MAPS}/unconditional`, { preconditions })).status).toBe(200);
    }
  });

  test.each([
    ["an unknown policy", { propagationPolicy: "Slowly" }, 422],
    ["both ways to say what happens to children", { propagationPolicy: "Orphan", orphanDependents: true }, 422],
    ["another kind", { kind: "Pod" }, 400],
    ["a list", [], 400],
    ["a precondition of another type", { preconditions: { uid: 7 } }, 400],
    ["preconditions that are none", { preconditions: "uid" }, 400],
    ["dryRun as a text", { dryRun: "All" }, 400],
  ])("refuses options with %s", async (_, options, code) => {
    await post(MAPS, map("safe"));
    expect((await call("DELETE", `${MAPS}/safe`, options)).status).toBe(code);
    expect((await get(`${MAPS}/safe`)).status).toBe(200);
  });

  test("of a collection takes what the selectors name", async () => {
    const path = "/api/v1/namespaces/many/configmaps";
    for (const name of ["a", "b", "c"]) {
      await post(path, { metadata: { name, labels: { keep: name === "c" ? "yes" : "no" } } });
    }
    const dry = await remove(`${path}?labelSelector=keep%3Dno&dryRun=All`);
    expect(dry.body.items).toHaveLength(2);
    const { body } = await remove(`${path}?labelSelector=keep%3Dno`);
    expect(body.items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual(["a", "b"]);
    expect((await get(path)).body.items).toHaveLength(1);
  });
});

describe("namespaces", () => {
  test("come into being with their first object, and take all of it along", async () => {
    expect((await get("/api/v1/namespaces/born")).status).toBe(404);
    expect((await get("/api/v1/namespaces/born/secrets")).body.items).toEqual([]);
    await post("/api/v1/namespaces/born/configmaps?dryRun=All", map("first"));
    expect((await get("/api/v1/namespaces/born")).status).toBe(404);
    await post("/api/v1/namespaces/born/configmaps", map("first"));
    expect((await get("/api/v1/namespaces/born")).body.status).toEqual({ phase: "Active" });
    expect((await remove("/api/v1/namespaces/born")).status).toBe(200);
    expect((await get("/api/v1/namespaces/born/configmaps/first")).status).toBe(404);
  });

  test("must have a name that can be one", async () => {
    const { status, body } = await post("/api/v1/namespaces/Not_A_Name/configmaps", map("x"));
    expect(status).toBe(400);
    expect(body.message).toContain("invalid value: Not_A_Name: metadata.namespace");
  });

  test("of the system stay", async () => {
    const { status, body } = await remove("/api/v1/namespaces/default");
    expect(status).toBe(403);
    expect(body.message).toBe('namespaces "default" is forbidden: this namespace may not be deleted');
  });
});
