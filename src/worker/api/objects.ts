/**
 * Kubernetes-style paths over the object store:
 *
 *     /api/v1/namespaces/{ns}/configmaps[/{name}]            core group
 *     /apis/serving.knative.dev/v1/namespaces/{ns}/services[/{name}]
 *     /apis/serving.knative.dev/v1/services                  all namespaces
 *     /api/v1/namespaces[/{name}]                            a kind without namespaces
 */
import { type Context, Hono } from "hono";
import type { Outcome, WriteOptions } from "../../core/protocol/control-plane.ts";
import { type ApiStatus, failure } from "../../core/resource/api-status.ts";
import { isJsonObject } from "../../core/resource/json.ts";
import type { KubeObject, ObjectKey } from "../../core/resource/object.ts";
import { findResourceType, type ResourceType, type Verb } from "../../core/resource/resource-type.ts";
import { warningsOf } from "../../core/resource/warnings.ts";
import { mediaType, readBody } from "./body.ts";
import { type ApiEnvironment, controlPlaneOf } from "./environment.ts";

type ApiContext = Context<ApiEnvironment>;

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
        : onObject(c, address.type, {
            kind: address.type.kind,
            namespace: address.namespace ?? "",
            name: address.name,
          });
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
      if (namespace === null || !type.verbs.includes("create")) return notAllowed(c);
      const body = await readBody(c.req.raw);
      if (!body.ok) return answerStatus(body.status);
      const options = writeOptions(c);
      return answerWrite(await controlPlaneOf(c.env).createObject(type.kind, namespace, body.value, options), 201);
    }
    default:
      return notAllowed(c);
  }
}

async function list(c: ApiContext, type: ResourceType, namespace: string | null): Promise<Response> {
  if (WATCH_VALUES.has(c.req.query("watch") ?? "")) {
    return answerStatus(failure("MethodNotAllowed", "watch is not supported by this version; list again instead"));
  }
  const outcome = await controlPlaneOf(c.env).listObjects({
    kind: type.kind,
    namespace,
    labelSelector: c.req.query("labelSelector") ?? "",
    fieldSelector: c.req.query("fieldSelector") ?? "",
  });
  if (!outcome.ok) return answerStatus(outcome.status);
  const { items, resourceVersion } = outcome.value;
  return Response.json({
    kind: `${type.kind}List`,
    apiVersion: type.apiVersion,
    metadata: { resourceVersion },
    items,
  });
}

const WATCH_VALUES: ReadonlySet<string> = new Set(["true", "1"]);
const VERB_OF_METHOD: Readonly<Record<string, Verb>> = { GET: "get", PUT: "update", PATCH: "patch", DELETE: "delete" };

async function onObject(c: ApiContext, type: ResourceType, key: ObjectKey): Promise<Response> {
  const verb = VERB_OF_METHOD[c.req.method];
  if (verb === undefined || !type.verbs.includes(verb)) return notAllowed(c);
  const controlPlane = controlPlaneOf(c.env);
  if (verb === "get") return answer(await controlPlane.getObject(key));
  if (verb === "patch" && mediaType(c.req.raw) !== "application/merge-patch+json") {
    const message = "this version takes patches of type application/merge-patch+json";
    return answerStatus(failure("UnsupportedMediaType", message));
  }
  const body = await readBody(c.req.raw);
  if (!body.ok) return answerStatus(body.status);
  if (verb === "update") return answerWrite(await controlPlane.replaceObject(key, body.value, writeOptions(c)));
  if (verb === "patch") return answerWrite(await controlPlane.mergePatchObject(key, body.value, writeOptions(c)));
  const preconditions = isJsonObject(body.value) ? body.value.preconditions : undefined;
  return answer(await controlPlane.deleteObject(key, { isDryRun: isDryRun(c), ...parsePreconditions(preconditions) }));
}

function parsePreconditions(value: unknown): { readonly uid: string; readonly resourceVersion: string } {
  const { uid, resourceVersion } = isJsonObject(value) ? value : {};
  return {
    uid: typeof uid === "string" ? uid : "",
    resourceVersion: typeof resourceVersion === "string" ? resourceVersion : "",
  };
}

function writeOptions(c: ApiContext): WriteOptions {
  return {
    user: c.get("user").name,
    isDryRun: isDryRun(c),
    isStrict: c.req.query("fieldValidation") === "Strict",
  };
}

function isDryRun(c: ApiContext): boolean {
  return c.req.queries("dryRun")?.includes("All") ?? false;
}

function answer(outcome: Outcome<unknown>, status = 200): Response {
  return outcome.ok ? Response.json(outcome.value, { status }) : answerStatus(outcome.status);
}

/** kubectl and rouse print the warnings of a write. */
function answerWrite(outcome: Outcome<KubeObject>, status = 200): Response {
  const response = answer(outcome, status);
  for (const text of outcome.ok ? warningsOf(outcome.value) : []) {
    response.headers.append("warning", `299 - "${text.replaceAll(/["\\]/g, "\\$&")}"`);
  }
  return response;
}

export function answerStatus(status: ApiStatus): Response {
  return Response.json(status, { status: status.code });
}

function notAllowed(c: ApiContext): Response {
  return answerStatus(failure("MethodNotAllowed", `${c.req.method} is not supported on ${c.req.path}`));
}
