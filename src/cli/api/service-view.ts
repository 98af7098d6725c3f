/** Whether a Knative Service is ready, and waiting for it. */
import { setTimeout as delay } from "node:timers/promises";
import { CliError } from "../cli-error.ts";
import { type ApiClient, refusal } from "./api-client.ts";
import { collectionPath, SERVICE_API } from "./kinds.ts";
import type { ServiceView } from "./views.ts";

export type Readiness = { readonly state: "ready" } | { readonly state: "failed" | "waiting"; readonly reason: string };

export function servicePath(namespace: string, name = ""): string {
  const collection = collectionPath(SERVICE_API, "Service", namespace);
  return name === "" ? collection : `${collection}/${encodeURIComponent(name)}`;
}

/** Knative's rule: the condition Ready counts only once the controller has seen the current generation. */
export function readinessOf({ metadata, status }: ServiceView): Readiness {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  const isCurrent = status?.observedGeneration === metadata.generation;
  if (ready === undefined || !isCurrent) return { state: "waiting", reason: "not reconciled yet" };
  if (ready.status === "True") return { state: "ready" };
  const reason = [ready.reason, ready.message].filter(Boolean).join(": ") || "no reason given";
  return { state: ready.status === "False" ? "failed" : "waiting", reason };
}

const POLL_MS = 100;

/**
 * @param failureGraceMs how long a condition False may still turn
 * @returns the ready service
 * @throws CliError with the reason when it failed or the time is up
 */
export async function waitUntilReady(
  client: ApiClient,
  namespace: string,
  name: string,
  { timeoutMs, failureGraceMs, signal }: { timeoutMs: number; failureGraceMs: number; signal?: AbortSignal },
): Promise<ServiceView> {
  const deadlineMs = Date.now() + timeoutMs;
  let failedSinceMs: number | null = null;
  for (;;) {
    const response = await client.request("GET", servicePath(namespace, name));
    if (response.status >= 300) throw refusal(`read service ${name}`, response);
    const service = response.body as ServiceView;
    const readiness = readinessOf(service);
    if (readiness.state === "ready") return service;
    failedSinceMs = readiness.state === "failed" ? (failedSinceMs ?? Date.now()) : null;
    const isFinal = failedSinceMs !== null && Date.now() - failedSinceMs >= failureGraceMs;
    if (isFinal || Date.now() >= deadlineMs) throw notReady(name, readiness.reason, isFinal ? null : timeoutMs);
    await delay(POLL_MS, undefined, signal === undefined ? {} : { signal });
  }
}

function notReady(name: string, reason: string, timeoutMs: number | null): CliError {
  const how = timeoutMs === null ? "failed" : `is not ready after ${timeoutMs / 1_000} s`;
  return new CliError(`service ${name} ${how}: ${reason}`, `Details: npm run rouse -- service describe ${name}`);
}
