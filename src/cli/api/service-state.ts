/** Whether a service sleeps, and how many pods it has: from the status of its revisions. */
import { LABEL_SERVICE } from "../../core/resource/annotations.ts";
import type { ApiClient } from "./api-client.ts";
import { SERVICE_API } from "./kinds.ts";
import type { ServiceView } from "./service-view.ts";

export type RevisionView = {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly status?: { readonly actualReplicas?: number; readonly desiredReplicas?: number };
};

export type ServiceState = {
  readonly word: "Failed" | "Starting" | "Awake" | "Asleep";
  readonly actualPods: number;
  readonly desiredPods: number;
};

/**
 *     Ready False → Failed      a pod is there → Awake      Ready Unknown, or a pod is wanted → Starting      else → Asleep
 *
 * @param revisions of the service's namespace; those of other services are left out
 */
export function serviceState(service: ServiceView, revisions: readonly RevisionView[]): ServiceState {
  const own = revisions.filter(({ metadata }) => metadata.labels?.[LABEL_SERVICE] === service.metadata.name);
  const sum = (count: (revision: RevisionView) => number | undefined) =>
    own.reduce((total, revision) => total + (count(revision) ?? 0), 0);
  const actualPods = sum(({ status }) => status?.actualReplicas);
  const desiredPods = sum(({ status }) => status?.desiredReplicas);
  const ready = service.status?.conditions?.find(({ type }) => type === "Ready")?.status ?? "Unknown";
  const isStarting = ready === "Unknown" || desiredPods > 0;
  const word = ready === "False" ? "Failed" : actualPods > 0 ? "Awake" : isStarting ? "Starting" : "Asleep";
  return { word, actualPods, desiredPods };
}

export async function listRevisions(client: ApiClient, namespace: string): Promise<readonly RevisionView[]> {
  const path = `/apis/${SERVICE_API}/namespaces/${encodeURIComponent(namespace)}/revisions`;
  return ((await client.expect("list revisions", "GET", path)) as { items: RevisionView[] }).items;
}
