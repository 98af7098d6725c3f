/** Whether a service sleeps, and how many pods it has: from the status of its revisions. */
import { LABEL_SERVICE } from "../../core/resource/annotations.ts";
import type { RevisionView, ServiceView } from "./views.ts";

export type ServiceState = {
  readonly word: "Failed" | "Starting" | "Awake" | "Asleep";
  readonly actualPods: number;
  readonly desiredPods: number;
};

/**
 *     Ready False → Failed      a pod is there → Awake      Ready Unknown, or a pod is wanted → Starting      else → Asleep
 *
 * @param revisions those of other services are left out
 */
export function serviceState(service: ServiceView, revisions: readonly RevisionView[]): ServiceState {
  const own = revisionsOf(service, revisions);
  const sum = (count: (revision: RevisionView) => number | undefined) =>
    own.reduce((total, revision) => total + (count(revision) ?? 0), 0);
  const actualPods = sum(({ status }) => status?.actualReplicas);
  const desiredPods = sum(({ status }) => status?.desiredReplicas);
  const ready = service.status?.conditions?.find(({ type }) => type === "Ready")?.status ?? "Unknown";
  const isStarting = ready === "Unknown" || desiredPods > 0;
  const word = ready === "False" ? "Failed" : actualPods > 0 ? "Awake" : isStarting ? "Starting" : "Asleep";
  return { word, actualPods, desiredPods };
}

export function revisionsOf({ metadata }: ServiceView, revisions: readonly RevisionView[]): RevisionView[] {
  return revisions.filter(
    (revision) =>
      revision.metadata.labels?.[LABEL_SERVICE] === metadata.name && revision.metadata.namespace === metadata.namespace,
  );
}
