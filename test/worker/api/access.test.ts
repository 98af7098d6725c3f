import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { type Env, handle } from "../../../src/worker/app.ts";
import { call, get, mergePatch, post, TOKEN, worker } from "./client.ts";

const raw = (path: string, init?: RequestInit) => worker.fetch(`http://rouse.test${path}`, init);

describe("authentication", () => {
  test("refuses a request without a token, or with a wrong one, with a Status", async () => {
    const answer = await raw("/api/v1/namespaces");
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ kind: "Status", reason: "Unauthorized", code: 401 });
    expect((await raw("/api/v1/namespaces", { headers: { authorization: "Bearer wrong" } })).status).toBe(401);
    expect((await raw("/k/wrong/api/v1/namespaces")).status).toBe(401);
  });

  test("takes the token from the path, as a kubeconfig over plain http sends it", async () => {
    const answer = await raw(`/k/${TOKEN}/api/v1/namespaces/default`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ kind: "Namespace", metadata: { name: "default" } });
  });

  test("takes no token from the path where the edge is not on loopback only, since it would stand in logs", async () => {
    const context = { waitUntil: () => {}, passThroughOnException: () => {} } as unknown as ExecutionContext;
    const path = `http://rouse.test/k/${TOKEN}/api/v1/namespaces/default`;
    const deployed = { ...(env as unknown as Env), PATH_TOKENS: "" };
    expect((await handle(new Request(path), deployed, context)).status).toBe(401);
    const headers = { authorization: `Bearer ${TOKEN}` };
    expect((await handle(new Request(path, { headers }), deployed, context)).status).toBe(200);
  });

  test("answers /healthz and the page without a token", async () => {
    expect(await (await raw("/healthz")).text()).toBe("ok");
    for (const path of ["/", `/k/${TOKEN}/`, `/k/${TOKEN}`]) {
      const page = await raw(path);
      expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
      expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
      const html = await page.text();
      expect(html).toContain('<link rel="icon" href="data:image/svg+xml,');
      expect(html).toContain("cat .rouse/admin-token");
    }
  });
});

describe("requests that are refused", () => {
  test("a path that names nothing is 404 with a Status", async () => {
    expect((await get("/apis/serving.knative.dev/v1/namespaces/default/gadgets")).body.reason).toBe("NotFound");
    expect((await get("/apis/other.dev/v1/things")).body.code).toBe(404);
    // Nothing is made in a namespace without a name, where nobody would find it.
    expect((await post("/api/v1/namespaces//configmaps", { metadata: { name: "lost" } })).body.reason).toBe("NotFound");
  });

  test("a body over 3 MiB is 413, one nested too deep 400, one of another type 415", async () => {
    const path = "/api/v1/namespaces/default/configmaps";
    expect((await call("POST", path, " ".repeat(3 * 1024 * 1024 + 1))).status).toBe(413);
    expect((await call("POST", path, "[".repeat(200) + "]".repeat(200))).status).toBe(400);
    expect((await call("POST", path, "x", { "content-type": "text/xml" })).status).toBe(415);
    expect((await call("POST", path, "{")).body.message).toContain("the body is not JSON");
  });

  test("an object is measured in bytes, as the rows that hold it are", async () => {
    const path = "/api/v1/namespaces/default/configmaps";
    const { status, body } = await post(path, { metadata: { name: "wide" }, data: { text: "漢".repeat(600_000) } });
    expect([status, body.message]).toEqual([413, "the object is larger than 1500000 bytes"]);
  });

  test("YAML is refused with the line of its first problem, and where it is long", async () => {
    const path = "/api/v1/namespaces/default/configmaps";
    const yaml = { "content-type": "application/yaml" };
    const { body } = await call("POST", path, "kind: ConfigMap\nmetadata: {name: a}\nmetadata: {name: b}\n", yaml);
    expect(body.message).toBe("the body is not YAML: Map keys must be unique at line 3");
    expect((await call("POST", path, "&a ".repeat(22_000), yaml)).status).toBe(413);
  });

  test("whoever has no token yet sends JSON alone", async () => {
    const { status, body } = await call("POST", "/rouse/v1/join", "token: a", { "content-type": "application/yaml" });
    expect([status, body.message]).toEqual([400, expect.stringContaining("the body is not JSON")]);
  });

  test("a placeholder cannot be created by a client", async () => {
    const answer = await post("/api/v1/namespaces/default/services", {});
    expect(answer.body.reason).toBe("MethodNotAllowed");
  });
});

test("discovery names the kinds", async () => {
  expect((await get("/version")).body.gitVersion).toContain("rouse");
  expect((await get("/apis")).body.groups[0].name).toBe("serving.knative.dev");
  const kinds = (await get("/apis/serving.knative.dev/v1")).body.resources.map((entry: { kind: string }) => entry.kind);
  expect(kinds).toEqual(["Service", "Configuration", "Revision", "Route"]);
});

test("a control plane that was reset under the call is 503, which Go clients repeat for reads", async () => {
  const context = { waitUntil: () => {}, passThroughOnException: () => {} } as unknown as ExecutionContext;
  const gone = () => Promise.reject(Object.assign(new Error("the object was reset"), { durableObjectReset: true }));
  const plane = { getByName: () => ({ getObject: gone, deleteObject: gone }) };
  const broken = { ...(env as unknown as Env), CONTROL_PLANE: plane } as unknown as Env;
  const send = (method: string) => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const request = new Request("http://rouse.test/api/v1/namespaces/default", { method, headers });
    return handle(request, broken, context);
  };
  const read = await send("GET");
  expect([read.status, read.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(await read.json()).toMatchObject({ kind: "Status", reason: "ServiceUnavailable", code: 503 });
  const write = await send("DELETE");
  expect([write.status, write.headers.get("retry-after")]).toEqual([503, null]);
});

describe("agents", () => {
  test("join once with a token and get a credential of their own", async () => {
    const { token } = (await post("/rouse/v1/join-tokens", {})).body;
    const join = () =>
      raw("/rouse/v1/join", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ token, name: "box" }),
      });
    const joined = await join();
    expect(joined.status).toBe(201);
    const { agentUid, credential } = (await joined.json()) as { agentUid: string; credential: string };
    expect(credential).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect((await get("/rouse/v1/agents")).body.items).toMatchObject([
      { agentUid, name: "box", connection: "NeverSeen" },
    ]);
    const again = await join();
    expect(again.status).toBe(401);
    expect(await again.text()).toContain("ask for a new one");
  });
});

test("config-autoscaler is validated, and its values reach the next order", async () => {
  const path = "/api/v1/namespaces/knative-serving/configmaps/config-autoscaler";
  const refused = await mergePatch(path, { data: { "stable-window": "1s" } });
  expect(refused.status).toBe(400);
  expect(refused.body.message).toContain("data.stable-window");
  expect((await mergePatch(path, { data: { "stable-window": "30s" } })).status).toBe(200);
});
