/** Objects as files: YAML or JSON, several per file, one per document. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { parseAllDocuments } from "yaml";
import { CliError, messageOf } from "../cli-error.ts";

export type Manifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
};

/** One document of a file: an object, or what is wrong with it. `where` names file and document. */
export type ManifestDocument = { readonly where: string } & (
  | { readonly manifest: Manifest; readonly error: null }
  | { readonly manifest: null; readonly error: CliError }
);

const EXTENSIONS = new Set([".yaml", ".yml", ".json"]);

/**
 * @param path a file, or a folder whose manifests are read in the order of their names; `-` is stdin
 * @throws CliError for the first thing that is wrong
 */
export function readManifests(path: string, namespace = "default"): Manifest[] {
  return readDocuments(path, namespace).map(manifestOf);
}

/**
 * As readManifests, but what is wrong with one document does not hide the others.
 * @throws CliError only when `path` cannot be read
 */
export function readDocuments(path: string, namespace = "default"): ManifestDocument[] {
  return manifestFiles(path).flatMap((file) =>
    parseDocuments(readText(file), file === "-" ? "standard input" : file, namespace),
  );
}

/**
 * @param source names the text in errors
 * @param namespace of objects that name none
 * @throws CliError for the first thing that is wrong
 */
export function parseManifests(text: string, source: string, namespace = "default"): Manifest[] {
  return parseDocuments(text, source, namespace).map(manifestOf);
}

function manifestOf(document: ManifestDocument): Manifest {
  if (document.error !== null) throw document.error;
  return document.manifest;
}

function parseDocuments(text: string, source: string, namespace: string): ManifestDocument[] {
  const documents = parseAllDocuments(text);
  return documents.flatMap((document, index): ManifestDocument[] => {
    const where = documents.length > 1 ? `${source} (document ${index + 1})` : source;
    try {
      const problem = document.errors[0];
      if (problem !== undefined) throw new CliError(`${where}: ${problem.message}`);
      const value: unknown = document.toJS();
      return value === null ? [] : [{ where, manifest: toManifest(value, where, namespace), error: null }];
    } catch (error) {
      return [{ where, manifest: null, error: asCliError(error, where) }];
    }
  });
}

/** The parser throws plain errors too, e.g. for an alias without its anchor. */
function asCliError(error: unknown, where: string): CliError {
  return error instanceof CliError ? error : new CliError(`${where}: ${messageOf(error)}`, "", { cause: error });
}

function toManifest(value: unknown, where: string, namespace: string): Manifest {
  if (!isRecord(value)) throw new CliError(`${where}: an object is expected, with apiVersion, kind and metadata`);
  const { apiVersion, kind, metadata } = value;
  if (typeof apiVersion !== "string") throw missing(where, "apiVersion", "apiVersion: serving.knative.dev/v1");
  if (typeof kind !== "string") throw missing(where, "kind", "kind: Service");
  if (!isRecord(metadata) || typeof metadata.name !== "string") throw missing(where, "metadata.name", "a name");
  const own = typeof metadata.namespace === "string" ? metadata.namespace : namespace;
  return { ...value, apiVersion, kind, metadata: { ...metadata, name: metadata.name, namespace: own } };
}

function manifestFiles(path: string): string[] {
  if (path === "-") return [path];
  try {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path)
      .filter((name) => EXTENSIONS.has(extname(name)))
      .sort()
      .map((name) => join(path, name));
  } catch (error) {
    throw new CliError(`cannot read ${path}: ${messageOf(error)}`);
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw new CliError(`cannot read ${file}: ${messageOf(error)}`);
  }
}

function missing(where: string, field: string, example: string): CliError {
  return new CliError(`${where}: ${field} is missing or is not text`, `Add ${example}.`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
