/**
 * The OpenAPI document of version 2, in protobuf, for kubectl before 1.29: it lists a PATCH for each kind with the query
 * parameters that the server knows, which is what kubectl looks for before `diff` and `--dry-run=server`. It holds no
 * schemas, so kubectl leaves validation to the server.
 *
 * Field numbers are those of openapiv2/OpenAPIv2.proto of github.com/google/gnostic-models.
 */
import { PbfWriter } from "pbf";
import type { ResourceType } from "../../core/resource/resource-type.ts";

/** The official name of the type has an `@`, which is no legal media type: kubectl refuses an answer that has it. */
export const OPENAPI_V2_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

export type PatchPath = { readonly path: string; readonly type: ResourceType; readonly parameters: readonly string[] };

export function encodeOpenApiV2(patches: readonly PatchPath[]): Uint8Array {
  const pbf = new PbfWriter();
  pbf.writeStringField(DOCUMENT.swagger, "2.0");
  pbf.writeMessage(DOCUMENT.info, writeInfo, null);
  pbf.writeMessage(DOCUMENT.paths, writePaths, patches);
  return pbf.finish();
}

const DOCUMENT = { swagger: 1, info: 2, paths: 8 };
const INFO = { title: 1, version: 2 };
const PATHS = { path: 2 };
/** What has a name in a document is a pair. */
const NAMED = { name: 1, value: 2 };
const PATH_ITEM = { patch: 8 };
const OPERATION = { parameters: 8, vendorExtension: 13 };
const ANY = { yaml: 2 };
/** A parameter is wrapped once for each choice: not a reference, not a body, in the query. */
const PARAMETER = { parameter: 1, nonBody: 2, query: 3 };
const QUERY_PARAMETER = { in: 2, name: 4, type: 6 };

function writeInfo(_: null, pbf: PbfWriter): void {
  pbf.writeStringField(INFO.title, "Rouse");
  pbf.writeStringField(INFO.version, "v1");
}

function writePaths(patches: readonly PatchPath[], pbf: PbfWriter): void {
  for (const patch of patches) pbf.writeMessage(PATHS.path, writeNamedPath, patch);
}

function writeNamedPath(patch: PatchPath, pbf: PbfWriter): void {
  pbf.writeStringField(NAMED.name, patch.path);
  pbf.writeMessage(NAMED.value, (_, item) => item.writeMessage(PATH_ITEM.patch, writeOperation, patch), patch);
}

function writeOperation({ type, parameters }: PatchPath, pbf: PbfWriter): void {
  for (const name of parameters) pbf.writeMessage(OPERATION.parameters, writeParameter, name);
  pbf.writeMessage(OPERATION.vendorExtension, writeGroupVersionKind, type);
}

function writeParameter(name: string, pbf: PbfWriter): void {
  pbf.writeMessage(
    PARAMETER.parameter,
    (_, parameter) =>
      parameter.writeMessage(
        PARAMETER.nonBody,
        (_, nonBody) => nonBody.writeMessage(PARAMETER.query, writeQueryParameter, name),
        name,
      ),
    name,
  );
}

function writeQueryParameter(name: string, pbf: PbfWriter): void {
  pbf.writeStringField(QUERY_PARAMETER.in, "query");
  pbf.writeStringField(QUERY_PARAMETER.name, name);
  pbf.writeStringField(QUERY_PARAMETER.type, "string");
}

function writeGroupVersionKind({ group, version, wireKind }: ResourceType, pbf: PbfWriter): void {
  const yaml = JSON.stringify({ group, kind: wireKind, version });
  pbf.writeStringField(NAMED.name, "x-kubernetes-group-version-kind");
  pbf.writeMessage(NAMED.value, (text, any) => any.writeStringField(ANY.yaml, text), yaml);
}
