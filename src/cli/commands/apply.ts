import { Command } from "commander";
import { applyManifest } from "../api/apply.ts";
import { type ConnectionFlags, connect, withConnection } from "../api/connection.ts";
import { readManifests } from "../api/manifest.ts";

type Flags = ConnectionFlags & { readonly filename: string; readonly namespace: string };

export function applyCommand(): Command {
  const command = new Command("apply")
    .description("create or change objects as their manifests say")
    .requiredOption("-f, --filename <path>", "file or folder of manifests; - reads stdin")
    .option("-n, --namespace <name>", "namespace of objects that name none", "default");
  return withConnection(command).action(async (flags: Flags) => {
    const manifests = readManifests(flags.filename, flags.namespace);
    const client = connect(flags);
    for (const manifest of manifests) {
      const applied = await applyManifest(client, manifest);
      console.log(`${manifest.kind.toLowerCase()}/${manifest.metadata.name} ${applied}`);
    }
  });
}
