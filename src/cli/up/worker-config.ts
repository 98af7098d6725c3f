/**
 * What wrangler.toml says of the Worker, so that the local edge runs with the same date, flags, objects and KV as a deployment.
 * Reads only the keys below, each on one line, as the shipped file has them; everything else in it is for wrangler.
 *
 *     compatibility_date = "…"   compatibility_flags = ["…"]
 *     [[durable_objects.bindings]]   name = "…"   class_name = "…"
 *     [[migrations]]                 new_sqlite_classes = ["…"]
 *     [[kv_namespaces]]              binding = "…"
 */
import { CliError } from "../cli-error.ts";

export type WorkerConfig = {
  readonly compatibilityDate: string;
  readonly compatibilityFlags: readonly string[];
  readonly durableObjects: readonly { readonly binding: string; readonly className: string }[];
  /** Bindings; an id beside one is the account's and means nothing here. */
  readonly kvNamespaces: readonly string[];
};

export function parseWorkerConfig(toml: string): WorkerConfig {
  const tables = splitTables(toml);
  const top = tables.find((table) => table.name === "")?.values ?? {};
  const sqlite = new Set(tables.filter((table) => table.name === "migrations").flatMap(sqliteClasses));
  const durableObjects = tables
    .filter((table) => table.name === "durable_objects.bindings")
    .map(({ values }) => ({ binding: text(values, "name"), className: text(values, "class_name") }));
  for (const { className } of durableObjects) {
    if (!sqlite.has(className)) throw unreadable(`class ${className} is in no migration's new_sqlite_classes`);
  }
  return {
    compatibilityDate: text(top, "compatibility_date"),
    compatibilityFlags: texts(top, "compatibility_flags"),
    durableObjects,
    kvNamespaces: tables.filter((table) => table.name === "kv_namespaces").map(({ values }) => text(values, "binding")),
  };
}

type Table = { readonly name: string; readonly values: Record<string, string> };

function splitTables(toml: string): Table[] {
  let current: Table = { name: "", values: {} };
  const tables = [current];
  for (const line of toml.split("\n").map((raw) => raw.trim())) {
    const header = /^\[\[?([\w.]+)\]\]?$/.exec(line)?.[1];
    if (header !== undefined) {
      current = { name: header, values: {} };
      tables.push(current);
      continue;
    }
    const [, key, value] = /^(\w+)\s*=\s*(.+)$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) current.values[key] = value;
  }
  return tables;
}

function sqliteClasses({ values }: Table): readonly string[] {
  return values.new_sqlite_classes === undefined ? [] : texts(values, "new_sqlite_classes");
}

function text(values: Table["values"], key: string): string {
  const value = /^"([^"]*)"/.exec(values[key] ?? "")?.[1];
  if (value === undefined) throw unreadable(`${key} is missing or is not text on one line`);
  return value;
}

function texts(values: Table["values"], key: string): readonly string[] {
  const inner = /^\[([^\]]*)\]/.exec(values[key] ?? "")?.[1];
  if (inner === undefined) throw unreadable(`${key} is missing or is not a list on one line`);
  return [...inner.matchAll(/"([^"]*)"/g)].map((match) => match[1] ?? "");
}

function unreadable(problem: string): CliError {
  return new CliError(`wrangler.toml: ${problem}`, "Write it as in the file that Rouse ships.");
}
