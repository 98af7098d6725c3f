import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of this package: where wrangler.toml, examples/ and node_modules/ are. */
export const PACKAGE_ROOT = fileURLToPath(new URL("../..", import.meta.url));

export function packageVersion(): string {
  const manifest = JSON.parse(readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8")) as { version: string };
  return manifest.version;
}
