/** Whatever is sent, the API refuses it by a Status or takes it; it never fails, and works on afterwards. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { CONTROL_PLANE_NAME } from "../../../src/core/protocol/objects.ts";
import { condition, eventually, get, post, remove, SERVING, serviceBody, TOKEN, worker } from "./client.ts";
import { type FuzzRequest, fuzzRequest } from "./fuzz-requests.ts";

/** Another one finds other things. Inside workerd there is no environment to take it from. */
const SEED = 20_261_123;
const RUNS = 2_000;
/** Answers of text or nothing instead of JSON. */
const PLAIN_PATHS = /^\/(healthz|openapi\/v2)\b/;

async function send({ method, path, headers, body }: FuzzRequest): Promise<Response> {
  const request = new Request(`http://rouse.test${path}`, {
    method,
    headers: { ...headers, authorization: `Bearer ${TOKEN}` },
    ...(body === null ? {} : { body }),
  });
  return worker.fetch(request, { redirect: "manual" });
}

async function expectOrderly(request: FuzzRequest): Promise<void> {
  const response = await send(request);
  const { status } = response;
  const isWatch = /[?&]watch=(true|1)/.test(request.path);
  if (isWatch && status === 200) return response.body?.cancel();
  const text = new TextDecoder().decode(await response.arrayBuffer());
  expect(status, text).toBeLessThan(500);
  if (request.method === "HEAD" || PLAIN_PATHS.test(request.path)) return;
  const body = JSON.parse(text === "" ? "null" : text);
  if (status < 300) return;
  expect(body, text).toMatchObject({ kind: "Status", apiVersion: "v1", status: "Failure", code: status });
  expect(body.message, text).toMatch(/\S/);
  expect(body.reason, text).toMatch(/^[A-Za-z]+$/);
}

test("no request makes the API fail", async () => {
  console.log(`seed ${SEED}, ${RUNS} requests`);
  for (const [path, kind] of [
    ["/api/v1/namespaces/default/configmaps", "ConfigMap"],
    ["/api/v1/namespaces/default/secrets", "Secret"],
  ]) {
    const made = await post(path ?? "", { apiVersion: "v1", kind, metadata: { name: "victim" }, data: { a: "YQ==" } });
    expect(made.status).toBe(201);
  }
  expect((await post(`${SERVING}/services`, serviceBody("victim"))).status).toBe(201);

  const domain = { apiVersion: "serving.knative.dev/v1", kind: "Service", name: "victim" };
  const mappings = SERVING.replace("/v1/", "/v1beta1/");
  const mapped = { metadata: { name: "victim.example.com" }, spec: { ref: domain } };
  expect((await post(`${mappings}/domainmappings`, mapped)).status).toBe(201);
  const errors = vi.spyOn(console, "error");

  await fc.assert(fc.asyncProperty(fuzzRequest, expectOrderly), { seed: SEED, numRuns: RUNS, endOnFailure: true });

  // What was taken was also reconciled: it may never get ready, but it neither throws nor spins.
  await eventually(`${SERVING}/services/victim`, ({ metadata, status, code }) => {
    return code === 404 || metadata.generation === status.observedGeneration;
  });
  expect(errors.mock.calls).toEqual([]);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  expect((await post(`${SERVING}/services`, serviceBody("after"))).status).toBe(201);
  const revision = await eventually(`${SERVING}/revisions/after-00001`, ({ kind }) => kind === "Revision");
  expect(condition(revision, "Ready")).toBeDefined();
  expect((await get(`${SERVING}/services`)).body.items.length).toBeGreaterThan(0);
  expect((await remove(`${SERVING}/services/after`)).status).toBe(200);
  await eventually(`${SERVING}/services/after`, ({ code }) => code === 404);
}, 120_000);

test("no watch that was begun stays open", async () => {
  const { CONTROL_PLANE } = env as unknown as { readonly CONTROL_PLANE: { getByName(name: string): unknown } };
  await expect
    .poll(
      () =>
        runInDurableObject(
          CONTROL_PLANE.getByName(CONTROL_PLANE_NAME) as never,
          (_, state) => state.getWebSockets().length,
        ),
      { timeout: 10_000 },
    )
    .toBe(0);
});
