/** Calls the API of the Worker under test as a client does. */
import { exports } from "cloudflare:workers";

/** The Worker under test. */
export const worker = (exports as unknown as { readonly default: Fetcher }).default;

export const TOKEN = "test-admin-token";
export const SERVING = "/apis/serving.knative.dev/v1/namespaces/default";

export type Answer = { readonly status: number; readonly body: Json; readonly headers: Headers };
// biome-ignore lint/suspicious/noExplicitAny: -- answers of the API are looked into freely by the tests
export type Json = any;

export async function call(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await worker.fetch(`http://rouse.test${path}`, {
    method,
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const { status } = response;
  return { status, headers: response.headers, body: text.startsWith("{") ? JSON.parse(text) : text };
}

export const get = (path: string) => call("GET", path);
export const post = (path: string, body: unknown) => call("POST", path, body);
export const put = (path: string, body: unknown) => call("PUT", path, body);
export const remove = (path: string) => call("DELETE", path);
export const mergePatch = (path: string, body: unknown) =>
  call("PATCH", path, body, { "content-type": "application/merge-patch+json" });

/** A Service as a client sends it. */
export function serviceBody(name: string, template: object = {}): Json {
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: { name },
    spec: {
      template: { metadata: template, spec: { containers: [{ image: "dev.local/hello", command: ["./hello"] }] } },
    },
  };
}

/** Asks again until the answer is as wished; the test's own timeout is the deadline. */
export async function eventually(path: string, isWished: (body: Json) => boolean): Promise<Json> {
  for (;;) {
    const { body } = await get(path);
    if (isWished(body)) return body;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export function condition(object: Json, type: string): Json {
  return object.status?.conditions?.find((candidate: Json) => candidate.type === type);
}
