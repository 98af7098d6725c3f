/**
 * OpenAPI documents, as far as kubectl reads them: whether the server checks fields itself (then kubectl leaves it to the
 * server), and the fields of each kind for `kubectl explain`.
 */
import { Hono } from "hono";
import { md5Hex } from "../../core/md5.ts";
import { unknownPath } from "../../core/resource/api-status.ts";
import { KIND_RULES } from "../../core/resource/kind-rules.ts";
import { isView, type ResourceType, SERVED_TYPES, type StoredType } from "../../core/resource/resource-type.ts";
import type { Schema } from "../../core/resource/schema.ts";
import { answerStatus } from "./answers.ts";
import type { ApiEnvironment } from "./environment.ts";
import { encodeOpenApiV2, OPENAPI_V2_TYPE } from "./openapi-v2.ts";

export function openApiRoutes(): Hono<ApiEnvironment> {
  // Hashing takes some 20 ms, and the documents of a version never change.
  let index: Index | null = null;
  return new Hono<ApiEnvironment>()
    .get("/openapi/v2", () => new Response(encodeV2(), { headers: { "content-type": OPENAPI_V2_TYPE } }))
    .get("/openapi/v3", (c) => {
      index ??= indexOfDocuments();
      return c.json({ paths: index });
    })
    .get("/openapi/v3/*", (c) => {
      const path = c.req.path.slice("/openapi/v3/".length);
      const types = SERVED_TYPES.filter((type) => documentPath(type) === path);
      return types.length === 0 ? answerStatus(unknownPath()) : c.json(documentOf(types));
    });
}

function encodeV2(): Uint8Array {
  const patched = SERVED_TYPES.filter((type) => type.verbs.includes("patch"));
  return encodeOpenApiV2(patched.map((type) => ({ type, path: objectPath(type), parameters: WRITE_PARAMETERS })));
}

type Index = Readonly<Record<string, { readonly serverRelativeURL: string }>>;

/** The hash changes with the document: clients keep it for good. */
function indexOfDocuments(): Index {
  const byPath = Map.groupBy(SERVED_TYPES, documentPath);
  return Object.fromEntries(
    [...byPath].map(([path, types]) => {
      const hash = md5Hex(JSON.stringify(documentOf(types)));
      return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }];
    }),
  );
}

function documentPath({ group, version }: ResourceType): string {
  return group === "" ? `api/${version}` : `apis/${group}/${version}`;
}

function documentOf(types: readonly ResourceType[]) {
  return {
    openapi: "3.0.0",
    info: { title: "Rouse", version: "v1" },
    paths: Object.fromEntries(types.map((type) => [objectPath(type), pathItem(type)])),
    components: { schemas: Object.fromEntries(types.map((type) => [schemaName(type), schemaOf(type)])) },
  };
}

function objectPath(type: ResourceType): string {
  const scope = type.isNamespaced ? "/namespaces/{namespace}" : "";
  return `/${documentPath(type)}${scope}/${type.plural}/{name}`;
}

function pathItem(type: ResourceType) {
  const operation = (action: string, parameters: readonly string[]) => ({
    operationId: `${action}${type.wireKind}`,
    parameters: parameters.map((name) => ({ name, in: "query", schema: { type: "string" } })),
    responses: { 200: { description: "OK" } },
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": groupVersionKind(type),
  });
  return {
    get: operation("get", []),
    ...(type.verbs.includes("patch") ? { patch: operation("patch", WRITE_PARAMETERS) } : {}),
  };
}

const WRITE_PARAMETERS = ["dryRun", "fieldManager", "fieldValidation"];

function schemaName(type: ResourceType): string {
  const group = type.group === "" ? "io.k8s.api.core" : type.group.split(".").reverse().join(".");
  return `${group}.${type.version}.${type.wireKind}`;
}

function schemaOf(type: ResourceType) {
  const schema = isView(type) ? { type: "object" } : toOpenApi(KIND_RULES[(type as StoredType).kind].schema);
  return { ...schema, "x-kubernetes-group-version-kind": [groupVersionKind(type)] };
}

function groupVersionKind({ group, version, wireKind }: ResourceType) {
  return { group, version, kind: wireKind };
}

function toOpenApi(schema: Schema): object {
  switch (schema.type) {
    case "object": {
      const fields = Object.entries(schema.fields).map(([name, field]) => [name, toOpenApi(field)]);
      return { type: "object", properties: Object.fromEntries(fields) };
    }
    case "map":
      return { type: "object", additionalProperties: toOpenApi(schema.values) };
    case "list":
      return { type: "array", items: toOpenApi(schema.items) };
    case "int-or-string":
      return { type: "string", format: "int-or-string" };
    case "any":
      return { type: "object", "x-kubernetes-preserve-unknown-fields": true };
    default:
      return { type: schema.type };
  }
}
