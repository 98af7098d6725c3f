import { Command } from "commander";
import type { ApiClient } from "../api/api-client.ts";
import { applyManifest } from "../api/apply.ts";
import { type ConnectionFlags, connect, withConnection } from "../api/connection.ts";
import { type ManifestDocument, readDocuments } from "../api/manifest.ts";
import { CliError } from "../cli-error.ts";

type Flags = ConnectionFlags & { readonly filename: string; readonly namespace: string };

export function applyCommand(): Command {
  const command = new Command("apply")
    .description("create or change objects as their manifests say")
    .requiredOption("-f, --filename <path>", "file or folder of manifests; - reads stdin")
    .option("-n, --namespace <name>", "namespace of objects that name none", "default");
  return withConnection(command).action(async (flags: Flags) => {
    const documents = readDocuments(flags.filename, flags.namespace);
    if (documents.length === 0) {
      throw new CliError(`there is no object in ${flags.filename === "-" ? "standard input" : flags.filename}`);
    }
    const client = connect(flags);
    // An edge that does not answer, or not to us, is told once.
    await client.expect("talk to the edge", "GET", "/version");
    let failedCount = 0;
    for (const document of documents) if (!(await isApplied(client, document))) failedCount += 1;
    if (failedCount > 0) throw new CliError(`${failedCount} of ${documents.length} objects could not be applied`);
  });
}

/** One object that fails stops no other. */
async function isApplied(client: ApiClient, { where, manifest, error }: ManifestDocument): Promise<boolean> {
  try {
    if (error !== null) throw error;
    const warn = (warning: string) => console.error(`warning: ${where}: ${warning}`);
    const applied = await applyManifest(client, manifest, warn);
    console.log(`${manifest.kind.toLowerCase()}/${manifest.metadata.name} ${applied}`);
    return true;
  } catch (problem) {
    if (!(problem instanceof CliError)) throw problem;
    const text = problem === error ? problem.message : `${where}: ${problem.message}`;
    console.error([`error: ${text}`, problem.remedy].filter((line) => line !== "").join("\n  "));
    return false;
  }
}
