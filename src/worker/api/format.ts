/**
 * In which form a client wants its answer: the object itself, a row of a table (kubectl's `get`), or its metadata alone.
 * Answers are always JSON; clients that prefer protobuf name JSON as their second choice.
 */

import type { ResourceType } from "../../core/resource/resource-type.ts";
import { type IncludeObject, metadataOf, type Table, type TableObject, tableOf } from "../../core/resource/table.ts";

export type Format =
  | { readonly type: "object" }
  | { readonly type: "table"; readonly version: "v1" | "v1beta1"; readonly includeObject: IncludeObject }
  | { readonly type: "metadata"; readonly version: "v1" | "v1beta1" };

export type List = {
  readonly items: readonly TableObject[];
  /** resourceVersion, and `continue` where more pages follow. */
  readonly metadata: Readonly<Record<string, unknown>>;
};

/** One alternative of an Accept header: the media type and its parameters, lower-case names. */
export type AcceptClause = { readonly mediaType: string; readonly parameters: ReadonlyMap<string, string> };

/**
 * The first of the client's alternatives that can be served. Where there is none it gets the object: HTTP lets a server
 * disregard Accept, and clients tell by the answer's own type what they have.
 */
export function formatOf(request: Request): Format {
  const { searchParams } = new URL(request.url);
  for (const clause of acceptClauses(request)) {
    const format = JSON_TYPES.has(clause.mediaType) ? formatOfClause(clause, searchParams) : null;
    if (format !== null) return format;
  }
  return { type: "object" };
}

export function acceptClauses(request: Request): AcceptClause[] {
  return (request.headers.get("accept") ?? "")
    .split(",")
    .map((text) => text.split(";").map((part) => part.trim()))
    .filter(([mediaType]) => mediaType !== "")
    .map(([mediaType = "", ...parameters]) => ({
      mediaType: mediaType.toLowerCase(),
      parameters: new Map(parameters.map((parameter) => splitParameter(parameter))),
    }));
}

/** One object as the client wants it: also what an event of a watch carries. */
export function formatObject(format: Format, type: ResourceType, object: TableObject, nowMs: number): unknown {
  switch (format.type) {
    case "object":
      return object;
    case "metadata":
      return metadataOf(object, format.version);
    case "table":
      return tableOf(type, [object], { ...format, nowMs });
  }
}

export function formatList(format: Format, type: ResourceType, list: List, nowMs: number): Table | object {
  const { items, metadata } = list;
  switch (format.type) {
    case "object":
      return { kind: `${type.wireKind}List`, apiVersion: type.apiVersion, metadata, items };
    case "metadata": {
      const { version } = format;
      return {
        kind: "PartialObjectMetadataList",
        apiVersion: `meta.k8s.io/${version}`,
        metadata,
        items: items.map((item) => metadataOf(item, version)),
      };
    }
    case "table":
      return tableOf(type, items, { ...format, metadata, nowMs });
  }
}

const JSON_TYPES: ReadonlySet<string> = new Set(["application/json", "application/*", "*/*"]);
const METADATA_KINDS: ReadonlySet<string> = new Set(["PartialObjectMetadata", "PartialObjectMetadataList"]);

/** @returns null for a form that is not served here */
function formatOfClause({ parameters }: AcceptClause, query: URLSearchParams): Format | null {
  const as = parameters.get("as");
  if (as === undefined) return { type: "object" };
  const version = parameters.get("v");
  if (parameters.get("g") !== "meta.k8s.io" || (version !== "v1" && version !== "v1beta1")) return null;
  if (as === "Table") return { type: "table", version, includeObject: includeObjectOf(query) };
  return METADATA_KINDS.has(as) ? { type: "metadata", version } : null;
}

function includeObjectOf(query: URLSearchParams): IncludeObject {
  const wanted = query.get("includeObject");
  return wanted === "None" || wanted === "Object" ? wanted : "Metadata";
}

function splitParameter(text: string): [string, string] {
  const equals = text.indexOf("=");
  return equals === -1 ? [text.toLowerCase(), ""] : [text.slice(0, equals).toLowerCase(), text.slice(equals + 1)];
}
