/** Reads the body of a request: JSON or YAML, bounded in size and depth. */
import { parse as parseYaml } from "yaml";
import type { ApiStatus } from "../../core/resource/api-status.ts";
import { failure } from "../../core/resource/api-status.ts";
import { nestingDepth } from "../../core/resource/json.ts";

/** Kubernetes' own limit. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;
export const MAX_NESTING = 100;
/** YAML takes memory far beyond its text; manifests by hand are small. */
const MAX_YAML_BYTES = 256 * 1024;
const MAX_YAML_ALIASES = 50;

const JSON_TYPES: ReadonlySet<string> = new Set(["", "application/json", "application/merge-patch+json"]);
const YAML_TYPES: ReadonlySet<string> = new Set(["application/yaml", "application/x-yaml", "text/yaml"]);

export type Body = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly status: ApiStatus };

/** @returns the parsed body (undefined when it is empty), or the Status that refuses it */
export async function readBody(request: Request): Promise<Body> {
  const type = mediaType(request);
  const isYaml = YAML_TYPES.has(type);
  if (!isYaml && !JSON_TYPES.has(type)) {
    const message = `the body of the request was in an unknown format - accepted media types include: application/json, application/yaml; got ${type}`;
    return refuse(failure("UnsupportedMediaType", message));
  }
  const text = await readText(request, isYaml ? MAX_YAML_BYTES : MAX_BODY_BYTES);
  if (text === null) return refuse(failure("RequestEntityTooLarge", "the request body is too large"));
  if (text.trim() === "") return { ok: true, value: undefined };
  return isYaml ? parseYamlText(text) : parseJsonText(text);
}

/** The media type without parameters, lower case. */
export function mediaType(request: Request): string {
  return (request.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
}

function parseJsonText(text: string): Body {
  if (nestingDepth(text, MAX_NESTING) > MAX_NESTING) return tooDeep();
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    return refuse(failure("BadRequest", `the body is not JSON: ${(error as Error).message}`));
  }
}

/** Goes through JSON, so that nothing that JSON cannot say (dates, cycles, deep nesting) gets any further. */
function parseYamlText(text: string): Body {
  let json: string | undefined;
  try {
    json = JSON.stringify(parseYaml(text, { maxAliasCount: MAX_YAML_ALIASES, schema: "core" }));
  } catch (error) {
    return refuse(failure("BadRequest", `the body is not YAML: ${(error as Error).message}`));
  }
  return json === undefined ? { ok: true, value: undefined } : parseJsonText(json);
}

/** @returns null as soon as the body is longer than the limit */
async function readText(request: Request, maxBytes: number): Promise<string | null> {
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) return null;
  if (request.body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of request.body as ReadableStream<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) return null;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function tooDeep(): Body {
  return refuse(failure("BadRequest", `the body is nested deeper than ${MAX_NESTING} levels`));
}

function refuse(status: ApiStatus): Body {
  return { ok: false, status };
}
