/**
 * Applies the manifests of a folder and waits until the services are ready. Each stands for itself: one that fails says why and
 * stops nothing. A manifest that was applied before and has not changed since is left alone, so that what the
 * user did to the service (`kn service update`) lives on.
 */
import type { ApiClient } from "../api/api-client.ts";
import { applyManifest, wasApplied } from "../api/apply.ts";
import { objectPath } from "../api/kinds.ts";
import { type Manifest, readManifests } from "../api/manifest.ts";
import { waitForReady } from "../api/wait-ready.ts";
import { CliError } from "../cli-error.ts";

export type ExampleOutcome =
  | { readonly name: string; readonly state: "ready"; readonly url: string; readonly tookMs: number }
  | { readonly name: string; readonly state: "failed"; readonly error: CliError };

const READY_TIMEOUT_MS = 60_000;
/** A later attempt of the control plane may still succeed. */
const FAILURE_WINDOW_MS = 2_000;

/** @param onOutcome called as each is decided */
export async function applyExamples(
  client: ApiClient,
  dir: string,
  signal: AbortSignal,
  onOutcome: (outcome: ExampleOutcome) => void,
): Promise<ExampleOutcome[]> {
  return Promise.all(
    readManifests(dir).map(async (manifest) => {
      const outcome = await applyExample(client, manifest, signal);
      onOutcome(outcome);
      return outcome;
    }),
  );
}

async function applyExample(client: ApiClient, manifest: Manifest, signal: AbortSignal): Promise<ExampleOutcome> {
  const { name, namespace } = manifest.metadata;
  const start = performance.now();
  try {
    if (!(await isApplied(client, manifest))) await applyManifest(client, manifest);
    if (manifest.kind !== "Service") return { name, state: "ready", url: "", tookMs: performance.now() - start };
    const timing = { timeoutMs: READY_TIMEOUT_MS, windowMs: FAILURE_WINDOW_MS, signal };
    const service = await waitForReady(client, namespace, name, timing);
    return { name, state: "ready", url: service.status?.url ?? "", tookMs: performance.now() - start };
  } catch (error) {
    if (error instanceof CliError && !signal.aborted) return { name, state: "failed", error };
    throw error;
  }
}

async function isApplied(client: ApiClient, manifest: Manifest): Promise<boolean> {
  const { status, body } = await client.request("GET", objectPath(manifest));
  return status === 200 && wasApplied(body, manifest);
}
