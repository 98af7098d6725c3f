/**
 * Loads the golden vectors taken from Knative Serving (test/vectors/README.md). Set VECTORS_DIR to run against another
 * folder of the same shape. The file's name stands in the title of each test that uses it.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * @param name  the file's name without `.json`
 * @returns its cases as `T`, unchecked; never empty
 */
export function loadVectors<T>(name: string): readonly T[] {
  const cases = readVectorFile(name).cases as T[];
  if (cases.length === 0) throw new Error(`vectors: ${name}.json has no cases`);
  return cases;
}

/** The absolute tolerance for the floats of a vector file; 0 = compare exactly. */
export function vectorTolerance(name: string): number {
  return readVectorFile(name).tolerance ?? 0;
}

function readVectorFile(name: string): { readonly cases: unknown[]; readonly tolerance?: number } {
  const folder = process.env.VECTORS_DIR ?? fileURLToPath(new URL("./vectors", import.meta.url));
  return JSON.parse(readFileSync(`${folder}/${name}.json`, "utf8"));
}
