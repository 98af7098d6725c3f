/** Writes of stored objects: create, replace, patch and delete, one object or a selection. */
import type { Outcome, WriteOptions } from "../../core/protocol/control-plane.ts";
import { failure, strictDecodingError } from "../../core/resource/api-status.ts";
import { duplicateFields } from "../../core/resource/duplicate-fields.ts";
import { KIND_RULES } from "../../core/resource/kind-rules.ts";
import type { KubeObject, ObjectKey } from "../../core/resource/object.ts";
import { represent, type WireObject } from "../../core/resource/representation.ts";
import type { StoredType } from "../../core/resource/resource-type.ts";
import { shape } from "../../core/resource/schema.ts";
import { warningsOf } from "../../core/resource/warnings.ts";
import { type ApiContext, addWarnings, answerList, answerObject, answerStatus } from "./answers.ts";
import { readBody } from "./body.ts";
import { controlPlaneOf } from "./environment.ts";
import { type OptionsKind, parseDeleteOptions, parseWriteQuery, type WriteQuery } from "./options.ts";
import { readPatch } from "./patches.ts";
import { selectionOf } from "./reads.ts";

/** Knative and Kubernetes together never have so many to say; more is somebody else's text. */
const MAX_WARNINGS = 20;

export async function createObject(c: ApiContext, type: StoredType, namespace: string): Promise<Response> {
  const request = await readWrite(c, type, "CreateOptions");
  if (!request.ok) return answerStatus(request.status);
  const { body, query, warnings } = request.value;
  const controlPlane = controlPlaneOf(c.env);
  const outcome = await controlPlane.createObject(type.kind, namespace, body, writeOptions(c, type, query));
  return answerWrite(c, type, outcome, warnings, 201);
}

export async function replaceObject(c: ApiContext, type: StoredType, key: ObjectKey): Promise<Response> {
  const request = await readWrite(c, type, "UpdateOptions");
  if (!request.ok) return answerStatus(request.status);
  const { body, query, warnings } = request.value;
  const outcome = await controlPlaneOf(c.env).replaceObject(key, body, writeOptions(c, type, query));
  return answerWrite(c, type, outcome, warnings);
}

export async function patchObject(c: ApiContext, type: StoredType, key: ObjectKey): Promise<Response> {
  const query = parseWriteQuery(c, "PatchOptions");
  if (!query.ok) return answerStatus(query.status);
  const sent = await readPatch(c.req.raw, type);
  if (!sent.ok) return answerStatus(sent.status);
  const { patch, text } = sent.value;
  const doubled = readDoubled(type, query.value, text);
  if (!doubled.ok) return answerStatus(doubled.status);
  const outcome = await controlPlaneOf(c.env).patchObject(key, patch, writeOptions(c, type, query.value));
  // What a JSON patch makes of the object is known to the store alone; Strict refuses it there.
  const unknown = patch.type === "merge" ? unknownFields(type, query.value, patch.body) : [];
  return answerWrite(c, type, outcome, [...doubled.value, ...unknown]);
}

export async function deleteObject(c: ApiContext, type: StoredType, key: ObjectKey): Promise<Response> {
  const body = await readBody(c.req.raw);
  if (!body.ok) return answerStatus(body.status);
  const options = parseDeleteOptions(c, body.value);
  if (!options.ok) return answerStatus(options.status);
  const outcome = await controlPlaneOf(c.env).deleteObject(key, options.value);
  if (!outcome.ok) return answerStatus(outcome.status);
  const { value } = outcome;
  return value.kind === "Status"
    ? answerStatus(value)
    : answerObject(c, type, { ok: true, value: represent(type, value) });
}

export async function deleteCollection(c: ApiContext, type: StoredType, namespace: string | null): Promise<Response> {
  const body = await readBody(c.req.raw);
  if (!body.ok) return answerStatus(body.status);
  const options = parseDeleteOptions(c, body.value);
  if (!options.ok) return answerStatus(options.status);
  const selection = { ...selectionOf(c, namespace), kind: type.kind, limit: 0 };
  const items: WireObject[] = [];
  for (let continueToken = ""; ; ) {
    const part = await controlPlaneOf(c.env).deleteObjects({ ...selection, continueToken }, options.value);
    if (!part.ok) return answerStatus(part.status);
    for (const item of part.value.items) items.push(represent(type, item));
    const { resourceVersion } = part.value;
    continueToken = part.value.continueToken;
    if (continueToken === "") return answerList(c, type, { ok: true, value: { items, metadata: { resourceVersion } } });
  }
}

type WriteRequest = {
  readonly body: unknown;
  readonly query: WriteQuery;
  /** What Warn says of the body. */
  readonly warnings: readonly string[];
};

async function readWrite(c: ApiContext, type: StoredType, kind: OptionsKind): Promise<Outcome<WriteRequest>> {
  const query = parseWriteQuery(c, kind);
  if (!query.ok) return query;
  const body = await readBody(c.req.raw);
  if (!body.ok) return body;
  if (body.value === undefined) {
    return { ok: false, status: failure("BadRequest", `the body is empty: a ${type.wireKind} is expected`) };
  }
  const doubled = readDoubled(type, query.value, body.text ?? "");
  if (!doubled.ok) return doubled;
  const warnings = [...doubled.value, ...unknownFields(type, query.value, body.value)];
  return { ok: true, value: { body: body.value, query: query.value, warnings } };
}

/** What Warn says of members that a JSON text names twice; Strict refuses them. */
function readDoubled(type: StoredType, { fieldValidation }: WriteQuery, text: string): Outcome<string[]> {
  const fields = fieldValidation === "Ignore" ? [] : duplicateFields(text);
  return fieldValidation === "Strict" && fields.length > 0
    ? { ok: false, status: strictDecodingError(type, "duplicate", fields) }
    : { ok: true, value: fields.map((field) => `duplicate field ${JSON.stringify(field)}`) };
}

function writeOptions(c: ApiContext, type: StoredType, query: WriteQuery): WriteOptions {
  return {
    apiVersion: type.apiVersion,
    user: c.get("user").name,
    isDryRun: query.isDryRun,
    isStrict: query.fieldValidation === "Strict",
  };
}

/** What Warn tells the user that the store drops. */
function unknownFields(type: StoredType, { fieldValidation }: WriteQuery, body: unknown): string[] {
  if (fieldValidation !== "Warn") return [];
  const fields = shape(body, KIND_RULES[type.kind].schema).unknownFields;
  return fields.map((field) => `unknown field ${JSON.stringify(field)}`);
}

function answerWrite(
  c: ApiContext,
  type: StoredType,
  outcome: Outcome<KubeObject>,
  warnings: readonly string[],
  code = 200,
): Response {
  if (!outcome.ok) return answerStatus(outcome.status);
  const response = answerObject(c, type, { ok: true, value: represent(type, outcome.value) }, code);
  return addWarnings(response, [...warnings, ...warningsOf(outcome.value)].slice(0, MAX_WARNINGS));
}
