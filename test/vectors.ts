/**
 * Loads the golden vectors taken from Knative Serving (test/vectors/README.md). Set VECTORS_DIR to run against another
 * folder of the same shape. The file's name stands in the title of each test that uses it.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * @param name  the file's name without `.json`
 * @returns its cases as `T`, unchecked and never empty, and the absolute tolerance for floats (0 = compare exactly)
 */
export function loadVectors<T>(name: string): { readonly cases: readonly T[]; readonly tolerance: number } {
  const folder = process.env.VECTORS_DIR ?? fileURLToPath(new URL("./vectors", import.meta.url));
  const file = JSON.parse(readFileSync(`${folder}/${name}.json`, "utf8")) as { cases: T[]; tolerance?: number };
  if (file.cases.length === 0) throw new Error(`vectors: ${name}.json has no cases`);
  return { cases: file.cases, tolerance: file.tolerance ?? 0 };
}
