/**
 * Applies the manifests of a folder and waits until the services are ready. Each stands for itself: one that fails says why and
 * stops nothing. A manifest that was applied before and has not changed since is left alone, so that what the user did to the
 * service (`kn service update`, `delete`) lives on.
 */
import type { ApiClient } from "../api/api-client.ts";
import { applyManifest, wasApplied } from "../api/apply.ts";
import { objectPath } from "../api/kinds.ts";
import { type Manifest, type ManifestDocument, readDocuments } from "../api/manifest.ts";
import { waitForReady } from "../api/wait-ready.ts";
import { CliError } from "../cli-error.ts";
import type { AppliedManifests } from "./applied-manifests.ts";

export type ExampleOutcome = { readonly name: string } & (
  | { readonly state: "ready"; readonly url: string; readonly tookMs: number }
  /** The user deleted what an earlier start had applied; the file brings it back. */
  | { readonly state: "deleted"; readonly file: string }
  | { readonly state: "failed"; readonly error: CliError }
);

const READY_TIMEOUT_MS = 60_000;
/** A later attempt of the control plane may still succeed. */
const FAILURE_WINDOW_MS = 2_000;
const NOT_FOUND = 404;

/**
 * @param applied knows what earlier starts applied, and is told what this one does
 * @param onOutcome called as each is decided
 */
export async function applyExamples(
  client: ApiClient,
  dir: string,
  applied: AppliedManifests,
  signal: AbortSignal,
  onOutcome: (outcome: ExampleOutcome) => void,
): Promise<ExampleOutcome[]> {
  return Promise.all(
    readDocuments(dir).map(async (document) => {
      const outcome = await applyExample(client, document, applied, signal);
      onOutcome(outcome);
      return outcome;
    }),
  );
}

async function applyExample(
  client: ApiClient,
  { where, manifest, error: problem }: ManifestDocument,
  applied: AppliedManifests,
  signal: AbortSignal,
): Promise<ExampleOutcome> {
  if (problem !== null) return { name: where, state: "failed", error: problem };
  const { name, namespace } = manifest.metadata;
  const start = performance.now();
  try {
    if (!(await isThere(client, manifest, applied))) return { name, state: "deleted", file: where };
    if (manifest.kind !== "Service") return { name, state: "ready", url: "", tookMs: performance.now() - start };
    const timing = { timeoutMs: READY_TIMEOUT_MS, windowMs: FAILURE_WINDOW_MS, signal };
    const service = await waitForReady(client, namespace, name, timing);
    return { name, state: "ready", url: service.status?.url ?? "", tookMs: performance.now() - start };
  } catch (error) {
    if (error instanceof CliError && !signal.aborted) return { name, state: "failed", error };
    throw error;
  }
}

/**
 * Applies a manifest unless that is done.
 * @returns false when it is done and the object is gone since
 */
async function isThere(client: ApiClient, manifest: Manifest, applied: AppliedManifests): Promise<boolean> {
  const { status, body } = await client.request("GET", objectPath(manifest));
  if (applied.has(manifest)) return status !== NOT_FOUND;
  // The object tells of it too: state folders of earlier versions have no record.
  if (status !== 200 || !wasApplied(body, manifest)) await applyManifest(client, manifest);
  applied.add(manifest);
  return true;
}
