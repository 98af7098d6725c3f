/** The sources as text: what the architecture rules look at. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Path from the root (`src/core/errors.ts`) → text. */
export type Sources = ReadonlyMap<string, string>;

export function readSources(folder: string): Sources {
  const names = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
  return new Map(names.sort().map((name) => [name, readFileSync(join(ROOT, name), "utf8")]));
}

/** Code without comments; `strings` says whether the contents of quoted strings stay. Line breaks stay always. */
export function stripComments(source: string, { strings }: { strings: boolean }): string {
  const token = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g;
  return source.replace(token, (text) => {
    const isComment = text.startsWith("/");
    if (!isComment) return strings ? text : '""';
    return text.replaceAll(/[^\n]/g, " ");
  });
}

const IMPORT = /\b(?:import|export)\b(?:[\w\s{},*$]*?\bfrom\b)?\s*\(?\s*"([^"\n]+)"/g;

/** What a file imports, types included: paths from the root for its own files, else the package's name. */
export function importsOf(path: string, source: string): string[] {
  const code = stripComments(source, { strings: true });
  return [...code.matchAll(IMPORT)].map(([, target = ""]) =>
    target.startsWith(".") ? posix.join(posix.dirname(path), target) : target,
  );
}
