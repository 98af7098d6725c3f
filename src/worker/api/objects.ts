/**
 * Kubernetes-style paths over the object store:
 *
 *     /api/v1/namespaces/{ns}/configmaps[/{name}]            core group
 *     /apis/serving.knative.dev/v1/namespaces/{ns}/services[/{name}]
 *     /apis/serving.knative.dev/v1/services                  all namespaces
 *     /api/v1/namespaces[/{name}]                            a kind without namespaces
 */
import { Hono } from "hono";
import type { Outcome, WriteOptions } from "../../core/protocol/control-plane.ts";
import { failure, notFound } from "../../core/resource/api-status.ts";
import { isJsonObject } from "../../core/resource/json.ts";
import type { KubeObject, ObjectKey } from "../../core/resource/object.ts";
import { represent } from "../../core/resource/representation.ts";
import {
  findResourceType,
  isView,
  type ResourceType,
  type StoredType,
  type Verb,
  type ViewType,
} from "../../core/resource/resource-type.ts";
import { parseFieldSelector, parseLabelSelector } from "../../core/resource/selector.ts";
import { warningsOf } from "../../core/resource/warnings.ts";
import { type ApiContext, answerStatus, notAllowed } from "./answers.ts";
import { mediaType, readBody } from "./body.ts";
import { type ApiEnvironment, controlPlaneOf } from "./environment.ts";
import { listView } from "./views.ts";
import { watch } from "./watch.ts";

/** What a path addresses; `name` is null for a collection, `namespace` null for all of them. */
type Address = { readonly type: ResourceType; readonly namespace: string | null; readonly name: string | null };

export function objectRoutes(): Hono<ApiEnvironment> {
  const app = new Hono<ApiEnvironment>();
  for (const path of ["/api/:version/*", "/apis/:group/:version/*"]) {
    app.all(path, async (c) => {
      const address = parseAddress(c);
      if (address === null)
        return answerStatus(failure("NotFound", "the server could not find the requested resource"));
      return address.name === null
        ? onCollection(c, address.type, address.namespace)
        : onObject(c, address.type, address.namespace ?? "", address.name);
    });
  }
  return app;
}

function parseAddress(c: ApiContext): Address | null {
  const { group = "", version = "" } = c.req.param() as { group?: string; version?: string };
  const prefix = group === "" ? `/api/${version}/` : `/apis/${group}/${version}/`;
  const segments = c.req.path.slice(prefix.length).split("/").map(decodeSegment);
  const isNamespaced = segments[0] === "namespaces" && segments.length > 2;
  const [plural = "", name = null, ...rest] = isNamespaced ? segments.slice(2) : segments;
  const type = findResourceType(group, version, plural);
  if (type === undefined || rest.length > 0 || name === "") return null;
  if (isNamespaced !== type.isNamespaced && !(type.isNamespaced && name === null)) return null;
  return { type, namespace: isNamespaced ? (segments[1] ?? "") : type.isNamespaced ? null : "", name };
}

/** A segment that is not valid percent-encoding names nothing: it is looked up as it is and not found. */
function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

async function onCollection(c: ApiContext, type: ResourceType, namespace: string | null): Promise<Response> {
  switch (c.req.method) {
    case "GET":
      return list(c, type, namespace);
    case "POST": {
      if (namespace === null || isView(type) || !type.verbs.includes("create")) return notAllowed(c);
      const stored = type as StoredType;
      const body = await readBody(c.req.raw);
      if (!body.ok) return answerStatus(body.status);
      const options = writeOptions(c, type);
      const outcome = await controlPlaneOf(c.env).createObject(stored.kind, namespace, body.value, options);
      return answerWrite(stored, outcome, 201);
    }
    default:
      return notAllowed(c);
  }
}

async function list(c: ApiContext, type: ResourceType, namespace: string | null): Promise<Response> {
  const query = {
    namespace,
    labelSelector: c.req.query("labelSelector") ?? "",
    fieldSelector: c.req.query("fieldSelector") ?? "",
  };
  if (WATCH_VALUES.has(c.req.query("watch") ?? "")) return watch(c, type, query);
  if (isView(type)) return answerList(type, await listOfView(c, type, query));
  const outcome = await controlPlaneOf(c.env).listObjects({ ...query, kind: (type as StoredType).kind });
  if (!outcome.ok) return answerStatus(outcome.status);
  const { items, resourceVersion } = outcome.value;
  return answerList(type, {
    ok: true,
    value: { items: items.map((item) => represent(type as StoredType, item)), resourceVersion },
  });
}

type Query = { readonly namespace: string | null; readonly labelSelector: string; readonly fieldSelector: string };
type List = { readonly items: readonly unknown[]; readonly resourceVersion: string };

async function listOfView(c: ApiContext, type: ViewType, query: Query): Promise<Outcome<List>> {
  const labels = parseLabelSelector(query.labelSelector);
  const fields = parseFieldSelector(query.fieldSelector);
  for (const parsed of [labels, fields]) {
    if (!parsed.ok) return { ok: false, status: failure("BadRequest", parsed.message) };
  }
  const outcome = await listView(c.env, type, query.namespace);
  if (!outcome.ok) return outcome;
  const items = outcome.value.filter((item) => labels.ok && fields.ok && labels.matches(item) && fields.matches(item));
  return { ok: true, value: { items, resourceVersion: "0" } };
}

function answerList(type: ResourceType, outcome: Outcome<List>): Response {
  if (!outcome.ok) return answerStatus(outcome.status);
  const { items, resourceVersion } = outcome.value;
  return Response.json({
    kind: `${type.wireKind}List`,
    apiVersion: type.apiVersion,
    metadata: { resourceVersion },
    items,
  });
}

const WATCH_VALUES: ReadonlySet<string> = new Set(["true", "1"]);
const VERB_OF_METHOD: Readonly<Record<string, Verb>> = { GET: "get", PUT: "update", PATCH: "patch", DELETE: "delete" };

async function onObject(c: ApiContext, type: ResourceType, namespace: string, name: string): Promise<Response> {
  const verb = VERB_OF_METHOD[c.req.method];
  if (verb === undefined || !type.verbs.includes(verb)) return notAllowed(c);
  if (isView(type)) {
    const outcome = await listView(c.env, type, type.isNamespaced ? namespace : null);
    if (!outcome.ok) return answerStatus(outcome.status);
    const found = outcome.value.find((object) => object.metadata.name === name);
    return found === undefined ? answerStatus(notFound(type, name)) : Response.json(found);
  }
  const stored = type as StoredType;
  const key: ObjectKey = { kind: stored.kind, namespace, name };
  const controlPlane = controlPlaneOf(c.env);
  if (verb === "get") return answerObject(stored, await controlPlane.getObject(key));
  if (verb === "patch" && mediaType(c.req.raw) !== "application/merge-patch+json") {
    const message = "this version takes patches of type application/merge-patch+json";
    return answerStatus(failure("UnsupportedMediaType", message));
  }
  const body = await readBody(c.req.raw);
  if (!body.ok) return answerStatus(body.status);
  const options = writeOptions(c, type);
  if (verb === "update") return answerWrite(stored, await controlPlane.replaceObject(key, body.value, options));
  if (verb === "patch") {
    return answerWrite(stored, await controlPlane.patchObject(key, { type: "merge", body: body.value }, options));
  }
  const preconditions = isJsonObject(body.value) ? body.value.preconditions : undefined;
  const outcome = await controlPlane.deleteObject(key, {
    isDryRun: isDryRun(c),
    propagation: "Background",
    ...parsePreconditions(preconditions),
  });
  if (!outcome.ok) return answerStatus(outcome.status);
  const { value } = outcome;
  return Response.json(value.kind === "Status" ? value : represent(stored, value));
}

function parsePreconditions(value: unknown): { readonly uid: string; readonly resourceVersion: string } {
  const { uid, resourceVersion } = isJsonObject(value) ? value : {};
  return {
    uid: typeof uid === "string" ? uid : "",
    resourceVersion: typeof resourceVersion === "string" ? resourceVersion : "",
  };
}

function writeOptions(c: ApiContext, type: ResourceType): WriteOptions {
  return {
    apiVersion: type.apiVersion,
    user: c.get("user").name,
    isDryRun: isDryRun(c),
    isStrict: c.req.query("fieldValidation") === "Strict",
  };
}

function isDryRun(c: ApiContext): boolean {
  return c.req.queries("dryRun")?.includes("All") ?? false;
}

function answerObject(type: StoredType, outcome: Outcome<KubeObject>, status = 200): Response {
  return outcome.ok ? Response.json(represent(type, outcome.value), { status }) : answerStatus(outcome.status);
}

/** kubectl and rouse print the warnings of a write. */
function answerWrite(type: StoredType, outcome: Outcome<KubeObject>, status = 200): Response {
  const response = answerObject(type, outcome, status);
  for (const text of outcome.ok ? warningsOf(outcome.value) : []) {
    response.headers.append("warning", `299 - "${text.replaceAll(/["\\]/g, "\\$&")}"`);
  }
  return response;
}
