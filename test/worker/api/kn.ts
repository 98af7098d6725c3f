/** kn's way to wait, as release 1.9 does it (it ignores every event but MODIFIED), and pods that become ready at a word. */
import { env } from "cloudflare:workers";
import type { ControlPlaneRpc } from "../../../src/core/protocol/control-plane.ts";
import { CONTROL_PLANE_NAME, type ObjectNamespace } from "../../../src/core/protocol/objects.ts";
import { condition, eventually, get, type Json } from "./client.ts";
import { Watcher } from "./watcher.ts";

const { CONTROL_PLANE } = env as unknown as { readonly CONTROL_PLANE: ObjectNamespace<ControlPlaneRpc> };

/** Opens kn's watch: from the version that a GET shows now. */
export async function watchAsKn(services: string, name: string): Promise<Watcher> {
  const { body } = await get(`${services}/${name}`);
  const query = `fieldSelector=metadata.name%3D${name}&resourceVersion=${body.metadata.resourceVersion}`;
  return Watcher.open(services, `${query}&timeout=10m30s&timeoutSeconds=630`);
}

/** @returns the Service with which kn is content */
export async function waitReady(watcher: Watcher): Promise<Json> {
  const events = await watcher.until(({ type, object }) => type === "MODIFIED" && isReady(object));
  await watcher.close();
  return events.at(-1)?.object;
}

export async function waitDeleted(watcher: Watcher): Promise<void> {
  await watcher.until(({ type }) => type === "DELETED");
  await watcher.close();
}

export function isReady(service: Json): boolean {
  const { metadata, status } = service;
  return metadata.generation === status?.observedGeneration && condition(service, "Ready")?.status === "True";
}

/** Above every sequence that the Revision object itself may use. */
let sequence = 10 * Date.now();

/** The pods of a revision are ready. */
export async function bringUp(revisions: string, name: string): Promise<void> {
  const revision = await eventually(`${revisions}/${name}`, (body) => body.kind === "Revision");
  sequence += 1;
  await CONTROL_PLANE.getByName(CONTROL_PLANE_NAME).revisionObserved({
    revisionUid: revision.metadata.uid,
    sequence,
    desiredScale: 1,
    actualScale: 1,
    isInitialized: true,
    active: { status: "True", reason: "", message: "" },
    failure: null,
  });
}
