/** An API server in memory: core's admission over one map, nothing reconciled. For commands of the CLI. */
import { createServer, type IncomingMessage } from "node:http";
import { defaultConfig } from "../../src/core/config/config.ts";
import { type Admission, admitCreate, admitPatch } from "../../src/core/resource/admit.ts";
import { notFound } from "../../src/core/resource/api-status.ts";
import { jsonEqual, mergePatch } from "../../src/core/resource/json.ts";
import type { KubeObject } from "../../src/core/resource/object.ts";
import { RESOURCE_TYPES, type StoredType } from "../../src/core/resource/resource-type.ts";

export type FakeApi = AsyncDisposable & {
  readonly url: string;
  /** By path. */
  readonly objects: Map<string, KubeObject>;
  /** Set on each answer. */
  warning: string;
};

export async function startFakeApi(): Promise<FakeApi> {
  const objects = new Map<string, KubeObject>();
  const server = createServer(async (request, response) => {
    const { status, body } = respond(objects, request, await readJson(request));
    if (api.warning !== "") response.setHeader("warning", api.warning);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const api: FakeApi = {
    url: `http://127.0.0.1:${port}`,
    objects,
    warning: "",
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return api;
}

type Reply = { readonly status: number; readonly body: unknown };

function respond(objects: Map<string, KubeObject>, { method, url = "" }: IncomingMessage, body: unknown): Reply {
  const { pathname, searchParams } = new URL(url, "http://api");
  const plural = pathname.split("/").findLast((segment) => PLURALS.has(segment)) ?? "";
  const type = PLURALS.get(plural);
  if (type === undefined) return { status: 200, body: {} };
  const context = {
    user: "ann",
    nowMs: 0,
    isStrict: searchParams.get("fieldValidation") === "Strict",
    config: defaultConfig("example.com"),
  };
  const stored = objects.get(pathname);
  const save = (admission: Admission, status: number): Reply => {
    if (!admission.ok) return { status: admission.status.code, body: admission.status };
    const before = stored ?? null;
    if (before !== null && jsonEqual(before, admission.object)) return { status, body: before };
    const resourceVersion = String(Number(before?.metadata.resourceVersion ?? 0) + 1);
    const object = { ...admission.object, metadata: { ...admission.object.metadata, resourceVersion } };
    objects.set(before === null ? `${pathname}/${object.metadata.name}` : pathname, object);
    return { status, body: object };
  };
  if (method === "POST") return save(admitCreate(type, "default", body, { uid: "u", random: [] }, context), 201);
  if (stored === undefined) return { status: 404, body: notFound(type, pathname) };
  return method === "PATCH"
    ? save(
        admitPatch(type, stored, (object) => mergePatch(object, body), context),
        200,
      )
    : { status: 200, body: stored };
}

const PLURALS: ReadonlyMap<string, StoredType> = new Map(
  Object.values(RESOURCE_TYPES)
    .filter(({ isNamespaced, kind }) => isNamespaced && kind !== "CoreService")
    .map((type) => [type.plural, type]),
);

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text === "" ? undefined : JSON.parse(text);
}
