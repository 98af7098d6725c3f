/** Where a Knative Service is, and whether it is ready. */
import { nounPath } from "./kinds.ts";
import type { ServiceView } from "./views.ts";

/** `reason` is "" when the condition gives none. */
export type Readiness = { readonly state: "ready" } | { readonly state: "failed" | "waiting"; readonly reason: string };

export function servicePath(namespace: string, name?: string): string {
  return nounPath("Service", namespace, name);
}

/** Knative's rule: the condition Ready counts only once the controller has seen the current generation. */
export function readinessOf({ metadata, status }: ServiceView): Readiness {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  const isCurrent = status?.observedGeneration === metadata.generation;
  if (ready === undefined || !isCurrent) return { state: "waiting", reason: "not reconciled yet" };
  if (ready.status === "True") return { state: "ready" };
  const reason = [ready.reason, ready.message].filter(Boolean).join(": ");
  return { state: ready.status === "False" ? "failed" : "waiting", reason };
}
