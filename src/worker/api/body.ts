/** Reads the body of a request: JSON, YAML or Kubernetes' protobuf, bounded in size and depth. */
import { parse as parseYaml, YAMLError } from "yaml";
import type { Outcome } from "../../core/protocol/control-plane.ts";
import type { ApiStatus } from "../../core/resource/api-status.ts";
import { failure } from "../../core/resource/api-status.ts";
import { MAX_NESTING, nestingDepth } from "../../core/resource/json.ts";
import { decodeKubernetesProtobuf, PROTOBUF_TYPE } from "./protobuf.ts";

/** Kubernetes' own limit. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;
/** Manifests by hand are small. The parser compares each key with all others of its map: 0.4 s at this size, 7 s at 256 KiB. */
const MAX_YAML_BYTES = 64 * 1024;
const YAML_OPTIONS = { maxAliasCount: 50, schema: "core", logLevel: "error", prettyErrors: false } as const;
/** From the first byte to the last, as long as Kubernetes gives a whole request. */
const BODY_TIMEOUT_MS = 60_000;

const YAML_TYPES: ReadonlySet<string> = new Set(["application/yaml", "application/x-yaml", "text/yaml"]);
/** What an object may be written in; without a type it is JSON. */
const OBJECT_TYPES: readonly string[] = ["application/json", "application/yaml", PROTOBUF_TYPE];

/** `text` is there for JSON alone: what it says twice is gone from the value. */
export type Body = { readonly ok: true; readonly value: unknown; readonly text?: string } | Refusal;
type Refusal = { readonly ok: false; readonly status: ApiStatus };

/** @returns the parsed body (undefined when it is empty), or the Status that refuses it */
export async function readBody(request: Request): Promise<Body> {
  if (request.body === null) return { ok: true, value: undefined };
  const type = mediaType(request);
  if (YAML_TYPES.has(type)) return readTextBody(request, MAX_YAML_BYTES, parseYamlText);
  if (type === "" || type === "application/json") return readJsonBody(request);
  if (type === PROTOBUF_TYPE) return readProtobufBody(request);
  return refuse(unknownFormat(OBJECT_TYPES));
}

/** A body whose type the caller has looked at already, and which is JSON. */
export function readJsonBody(request: Request): Promise<Body> {
  return readTextBody(request, MAX_BODY_BYTES, parseJsonText);
}

/** Kubernetes' words for a body of a type that it does not take. */
export function unknownFormat(accepted: readonly string[]): ApiStatus {
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(", ")}`;
  return failure("UnsupportedMediaType", message);
}

/** The media type without parameters, lower case. */
export function mediaType(request: Request): string {
  return (request.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
}

async function readTextBody(request: Request, maxBytes: number, parse: (text: string) => Body): Promise<Body> {
  const bytes = await readBytes(request, maxBytes);
  if (!bytes.ok) return bytes;
  const text = new TextDecoder().decode(bytes.value);
  return text.trim() === "" ? { ok: true, value: undefined } : parse(text);
}

async function readProtobufBody(request: Request): Promise<Body> {
  const bytes = await readBytes(request, MAX_BODY_BYTES);
  if (!bytes.ok) return bytes;
  if (bytes.value.length === 0) return { ok: true, value: undefined };
  const decoded = decodeKubernetesProtobuf(bytes.value);
  if (decoded.ok) return decoded;
  if (decoded.problem === "unknown-kind") return refuse(unknownFormat(["application/json", "application/yaml"]));
  return refuse(failure("BadRequest", `the body is not Kubernetes' protobuf: ${decoded.message}`));
}

function parseJsonText(text: string): Body {
  if (nestingDepth(text, MAX_NESTING) > MAX_NESTING) return tooDeep();
  try {
    return { ok: true, value: JSON.parse(text), text };
  } catch (error) {
    return refuse(failure("BadRequest", `the body is not JSON: ${(error as Error).message}`));
  }
}

/** Goes through JSON, so that nothing that JSON cannot say (dates, cycles, deep nesting) gets any further. */
function parseYamlText(text: string): Body {
  let json: string | undefined;
  try {
    json = JSON.stringify(parseYaml(text, YAML_OPTIONS));
  } catch (error) {
    return refuse(failure("BadRequest", `the body is not YAML: ${yamlProblem(text, error)}`));
  }
  // A member that YAML names twice has been refused by its parser.
  return json === undefined ? { ok: true, value: undefined } : parseJsonText(json);
}

/** With the line of the first problem; `prettyErrors` looks for that of each, which took 20 s over 250 KB of quotes. */
function yamlProblem(text: string, error: unknown): string {
  const { message } = error as Error;
  return error instanceof YAMLError ? `${message} at line ${text.slice(0, error.pos[0]).split("\n").length}` : message;
}

/** Stops as soon as the body is longer than the limit, or takes too long. */
async function readBytes(request: Request, maxBytes: number): Promise<Outcome<Uint8Array>> {
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) return tooLarge(maxBytes);
  if (request.body === null) return { ok: true, value: new Uint8Array() };
  const reader = (request.body as ReadableStream<Uint8Array>).getReader();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    void reader.cancel();
  }, BODY_TIMEOUT_MS);
  try {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      length += read.value.byteLength;
      if (length > maxBytes) return tooLarge(maxBytes);
      chunks.push(read.value);
    }
    if (isLate) return refuse(failure("Timeout", `the body took more than ${BODY_TIMEOUT_MS} ms`));
    return { ok: true, value: concatenated(chunks, length) };
  } catch (error) {
    return refuse(failure("BadRequest", `the body ended early: ${(error as Error).message}`));
  } finally {
    clearTimeout(timer);
  }
}

function concatenated(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

function tooLarge(maxBytes: number): Refusal {
  return refuse(failure("RequestEntityTooLarge", `Request entity too large: limit is ${maxBytes}`));
}

function tooDeep(): Refusal {
  return refuse(failure("BadRequest", `the body is nested deeper than ${MAX_NESTING} levels`));
}

function refuse(status: ApiStatus): Refusal {
  return { ok: false, status };
}
