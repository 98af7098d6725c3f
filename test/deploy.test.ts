import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

it("the shipped wrangler.toml deploys, as far as that can be tried without an account", async () => {
  const outDir = mkdtempSync(join(tmpdir(), "rouse-deploy-"));
  const wrangler = join(import.meta.dirname, "../node_modules/.bin/wrangler");
  const args = ["deploy", "--dry-run", "--outdir", outDir, "-c", "wrangler.toml"];
  const { stdout } = await promisify(execFile)(wrangler, args, { cwd: join(import.meta.dirname, "..") });
  for (const binding of ["CONTROL_PLANE", "ROUTES", "REVISION", "AGENT"]) expect(stdout).toContain(`env.${binding} (`);
  expect(stdout).toMatch(/env\.ROUTE_COPIES +KV Namespace/);
  expect(readdirSync(outDir)).toContain("index.js");
  rmSync(outDir, { recursive: true });
}, 60_000);
