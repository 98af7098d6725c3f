/** The Worker as one ES module, as `wrangler deploy` would build it. 30 to 50 ms. */
import { join } from "node:path";
import { build, stop } from "esbuild";
import { CliError } from "../cli-error.ts";

/** @param entryPoint  the module with the Worker's exports, from the package's root */
export async function bundleWorker(packageRoot: string, entryPoint = "src/worker/index.ts"): Promise<string> {
  try {
    const { outputFiles } = await build({
      entryPoints: [join(packageRoot, entryPoint)],
      absWorkingDir: packageRoot,
      bundle: true,
      write: false,
      format: "esm",
      platform: "neutral",
      target: "es2024",
      mainFields: ["module", "main"],
      conditions: ["workerd", "worker", "browser"],
      external: ["cloudflare:*", "node:*"],
      loader: { ".html": "text", ".txt": "text", ".sql": "text", ".css": "text", ".svg": "text" },
      // The bundle is readable as it is; an inline source map would cost the parent 90 MB.
      sourcemap: false,
      logLevel: "silent",
    });
    const output = outputFiles[0];
    if (output === undefined) throw new Error("esbuild gave no output");
    return output.text;
  } catch (error) {
    throw new CliError(`the Worker could not be bundled: ${error instanceof Error ? error.message : error}`, "", {
      cause: error,
    });
  } finally {
    // Its service process would stay until we end.
    await stop();
  }
}
