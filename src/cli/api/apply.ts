/**
 * Makes an object be as its manifest says: created when it is not there, else replaced. Labels and annotations that others put
 * on it stay, and so does what the server fills in; the spec is the manifest's.
 */
import { type ApiClient, refusal } from "./api-client.ts";
import { collectionPath, objectPath } from "./kinds.ts";
import type { Manifest } from "./manifest.ts";

export type Applied = "created" | "configured" | "unchanged";

/** Reconcilers write status between our read and our write; that is no reason to give up. */
const MAX_CONFLICTS = 5;
const CONFLICT = 409;
const NOT_FOUND = 404;

export async function applyManifest(client: ApiClient, manifest: Manifest): Promise<Applied> {
  const what = `apply ${manifest.kind.toLowerCase()} ${manifest.metadata.name}`;
  for (let attempt = 1; ; attempt += 1) {
    const current = await client.request("GET", objectPath(manifest));
    const isNew = current.status === NOT_FOUND;
    if (!isNew && current.status >= 300) throw refusal(what, current);
    const written = isNew
      ? await client.request("POST", creationPath(manifest), manifest)
      : await client.request("PUT", objectPath(manifest), mergeOnto(current.body, manifest));
    if (written.status < 300) return isNew ? "created" : changed(current.body, written.body);
    if (written.status !== CONFLICT || attempt === MAX_CONFLICTS) throw refusal(what, written);
  }
}

/** The manifest with what only the server knows: the object that a PUT sends. */
export function mergeOnto(current: unknown, manifest: Manifest): Manifest {
  const { metadata } = current as { metadata: Manifest["metadata"] };
  return {
    ...manifest,
    metadata: {
      ...metadata,
      ...manifest.metadata,
      labels: { ...metadata.labels, ...manifest.metadata.labels },
      annotations: { ...metadata.annotations, ...manifest.metadata.annotations },
    },
  };
}

function creationPath({ apiVersion, kind, metadata }: Manifest): string {
  return collectionPath(apiVersion, kind, metadata.namespace);
}

function changed(before: unknown, after: unknown): Applied {
  return resourceVersion(before) === resourceVersion(after) ? "unchanged" : "configured";
}

function resourceVersion(object: unknown): unknown {
  return (object as { metadata?: { resourceVersion?: unknown } } | null)?.metadata?.resourceVersion;
}
