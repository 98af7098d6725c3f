/**
 * Which manifests were applied by earlier starts: a hash of each, kept in the state folder beside the databases that the
 * objects are in. So a manifest counts once, and again when it changes; what the user does to its object meanwhile,
 * deleting it included, lives on.
 *
 *     { "/apis/serving.knative.dev/v1/namespaces/default/services/hello": "<sha256 of the manifest>", … }
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isJsonObject } from "../../core/resource/json.ts";
import { objectPath } from "../api/kinds.ts";
import type { Manifest } from "../api/manifest.ts";
import { writePrivateFile } from "../secrets.ts";

const RECORD_FILE = "examples.json";

export class AppliedManifests {
  readonly #file: string;
  readonly #hashes: Map<string, unknown>;

  constructor(stateDir: string) {
    this.#file = join(stateDir, RECORD_FILE);
    this.#hashes = new Map(Object.entries(readRecord(this.#file)));
  }

  has(manifest: Manifest): boolean {
    return this.#hashes.get(objectPath(manifest)) === hashOf(manifest);
  }

  /** On disk when it returns. */
  add(manifest: Manifest): void {
    this.#hashes.set(objectPath(manifest), hashOf(manifest));
    writePrivateFile(this.#file, `${JSON.stringify(Object.fromEntries(this.#hashes), null, 2)}\n`);
  }
}

/** A record that is not there, or is broken, knows of nothing: then everything is applied once more. */
function readRecord(file: string): Record<string, unknown> {
  try {
    const record: unknown = JSON.parse(readFileSync(file, "utf8"));
    return isJsonObject(record) ? record : {};
  } catch {
    return {};
  }
}

function hashOf(manifest: Manifest): string {
  return createHash("sha256").update(JSON.stringify(manifest)).digest("hex");
}
