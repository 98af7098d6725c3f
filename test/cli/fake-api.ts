/**
 * An API server in memory: core's admission over one map, for commands of the CLI. Nothing reconciles unless a test says how:
 * `reconcile` is given each object that is written, and what it returns is what was stored.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { parse } from "yaml";
import { defaultConfig } from "../../src/core/config/config.ts";
import { type Admission, admitCreate, admitUpdate } from "../../src/core/resource/admit.ts";
import { alreadyExists, conflict, notFound } from "../../src/core/resource/api-status.ts";
import { jsonEqual, mergePatch } from "../../src/core/resource/json.ts";
import type { KubeObject } from "../../src/core/resource/object.ts";
import { represent } from "../../src/core/resource/representation.ts";
import { RESOURCE_TYPES, type StoredType } from "../../src/core/resource/resource-type.ts";

export type FakeApi = AsyncDisposable & {
  readonly url: string;
  /** By path. */
  readonly objects: Map<string, KubeObject>;
  /** `METHOD path` of each request, in order, without queries. */
  readonly requests: string[];
  /** Set on each answer. */
  warning: string;
  reconcile: (object: KubeObject) => KubeObject;
  /** Called before a write is looked at: somebody else may be faster. */
  beforeWrite: (path: string) => void;
  /** Whether there are watches; without, they are answered with 405. */
  hasWatch: boolean;
  /** Stores an object as the control plane does and tells the watches. */
  put(path: string, object: KubeObject): void;
  /** Sends a line to every open watch, as it is. */
  sendLine(line: string): void;
  /** Ends every open watch. */
  closeWatches(): void;
  /** Resolves when a watch is open. */
  watched(): Promise<void>;
};

export async function startFakeApi(): Promise<FakeApi> {
  const objects = new Map<string, KubeObject>();
  const watches = new Set<ServerResponse>();
  let whenWatched = Promise.withResolvers<void>();
  let version = 0;

  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://api");
    api.requests.push(`${request.method} ${pathname}`);
    if (api.warning !== "") response.setHeader("warning", api.warning);
    if (searchParams.has("watch") && api.hasWatch) {
      response.writeHead(200, { "content-type": "application/json" }).flushHeaders();
      watches.add(response);
      response.on("close", () => watches.delete(response));
      return whenWatched.resolve();
    }
    const { status, body } = searchParams.has("watch")
      ? { status: 405, body: {} }
      : respond(request, pathname, searchParams, await readJson(request));
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });

  const store = (path: string, object: KubeObject): KubeObject => {
    version += 1;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    objects.set(path, stored);
    return stored;
  };

  function respond({ method }: IncomingMessage, pathname: string, query: URLSearchParams, body: unknown): Reply {
    const { type, name } = addressOf(pathname);
    if (type === undefined) return { status: 200, body: { items: [] } };
    if (method !== "GET") api.beforeWrite(pathname);
    const stored = objects.get(pathname);
    const context = {
      user: "ann",
      nowMs: 0,
      isStrict: query.get("fieldValidation") === "Strict",
      config: defaultConfig("example.com"),
      parseYaml: (text: string) => ({ ok: true as const, value: parse(text) as unknown }),
      find: () => null,
    };
    const save = (path: string, admission: Admission, status: number): Reply => {
      if (!admission.ok) return { status: admission.status.code, body: admission.status };
      if (stored !== undefined && jsonEqual(stored, admission.object)) return { status, body: stored };
      return { status, body: store(path, api.reconcile(admission.object)) };
    };
    if (method === "POST") {
      const wanted = (body as KubeObject).metadata.name;
      const path = `${pathname}/${wanted}`;
      if (objects.has(path)) return refused(alreadyExists(type, wanted));
      return save(
        path,
        admitCreate(type, type.isNamespaced ? "default" : "", body, { uid: "u", random: [] }, context),
        201,
      );
    }
    if (method === "GET" && name === "")
      return { status: 200, body: { kind: "List", items: itemsOf(pathname, query) } };
    if (stored === undefined) return refused(notFound(type, name));
    switch (method) {
      case "PATCH":
        return save(pathname, admitUpdate(type, stored, mergePatch(represent(type, stored), body), context), 200);
      case "PUT": {
        const sent = (body as KubeObject).metadata.resourceVersion;
        if (sent !== undefined && sent !== stored.metadata.resourceVersion) return refused(conflict(type, name));
        const { status } = stored;
        return save(pathname, admitUpdate(type, stored, { ...(body as KubeObject), status }, context), 200);
      }
      case "DELETE":
        objects.delete(pathname);
        return { status: 200, body: { kind: "Status", status: "Success" } };
      default:
        return { status: 200, body: stored };
    }
  }

  function itemsOf(pathname: string, query: URLSearchParams): KubeObject[] {
    const fields = query.get("fieldSelector")?.replace("metadata.name=", "");
    const [label = "", value] = query.get("labelSelector")?.split("=") ?? [];
    return [...objects]
      .filter(([path]) => path.startsWith(`${pathname}/`))
      .map(([, object]) => object)
      .filter(({ metadata }) => fields === undefined || metadata.name === fields)
      .filter(({ metadata }) => value === undefined || metadata.labels?.[label] === value);
  }

  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const api: FakeApi = {
    url: `http://127.0.0.1:${port}`,
    objects,
    requests: [],
    warning: "",
    reconcile: (object) => object,
    beforeWrite: () => {},
    hasWatch: true,
    put(path, object) {
      api.sendLine(JSON.stringify({ type: "MODIFIED", object: store(path, object) }));
    },
    sendLine(line) {
      for (const watch of watches) watch.write(`${line}\n`);
    },
    closeWatches() {
      whenWatched = Promise.withResolvers<void>();
      for (const watch of watches) watch.end();
    },
    watched: () => whenWatched.promise,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return api;
}

type Reply = { readonly status: number; readonly body: unknown };

function refused(status: { readonly code: number }): Reply {
  return { status: status.code, body: status };
}

/** name is "" for a collection. */
function addressOf(pathname: string): { readonly type: StoredType | undefined; readonly name: string } {
  const segments = pathname.split("/");
  const index = segments.findLastIndex((segment) => PLURALS.has(segment));
  return { type: PLURALS.get(segments[index] ?? ""), name: segments[index + 1] ?? "" };
}

const PLURALS: ReadonlyMap<string, StoredType> = new Map(
  Object.values(RESOURCE_TYPES)
    .filter(({ kind }) => kind !== "CoreService")
    .map((type) => [type.plural, type]),
);

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text === "" ? undefined : JSON.parse(text);
}
