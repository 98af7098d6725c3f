/** Waits until a Service is ready, failed for good, or the time is up. */
import { CliError } from "../cli-error.ts";
import type { ApiClient } from "./api-client.ts";
import { explainWaiting } from "./explain-waiting.ts";
import { readinessOf } from "./service-view.ts";
import type { ServiceView } from "./views.ts";
import { watchObject } from "./watch-object.ts";

export type WaitOptions = {
  readonly timeoutMs: number;
  /** How long a condition False may still turn. */
  readonly windowMs: number;
  /** Ctrl-C. */
  readonly signal?: AbortSignal;
  /** Told what the Service waits for, each time that it says so. */
  readonly onMessage?: (message: string) => void;
};

const NEVER = new AbortController().signal;

/**
 * @returns the ready Service
 * @throws CliError with the condition's reason and message when it failed, was deleted, is late or was interrupted
 */
export async function waitForReady(
  client: ApiClient,
  namespace: string,
  name: string,
  { timeoutMs, windowMs, signal = NEVER, onMessage = () => {} }: WaitOptions,
): Promise<ServiceView> {
  const late = AbortSignal.timeout(timeoutMs);
  const settled = new AbortController();
  let failureTimer: NodeJS.Timeout | undefined;
  let last: ServiceView | null = null;
  try {
    const sights = watchObject(client, "Service", namespace, name, {
      timeoutMs,
      signal: AbortSignal.any([signal, late, settled.signal]),
    });
    for await (const sight of sights) {
      if (sight === null) throw new CliError(`service '${name}' was deleted while waiting for it`);
      const service = sight as unknown as ServiceView;
      const readiness = readinessOf(service);
      if (readiness.state === "ready") return service;
      last = service;
      if (readiness.state === "failed") failureTimer ??= setTimeout(() => settled.abort(), windowMs);
      else {
        clearTimeout(failureTimer);
        failureTimer = undefined;
      }
      const message = service.status?.conditions?.find(({ type }) => type === "Ready")?.message ?? "";
      if (message !== "") onMessage(message);
    }
  } finally {
    clearTimeout(failureTimer);
  }
  if (signal.aborted) {
    throw new CliError(
      `stopped waiting for service '${name}'`,
      `It goes on without: ${describeCommand(namespace, name)}`,
      {
        exitCode: "interrupted",
      },
    );
  }
  const how = settled.signal.aborted ? "failed" : `not ready after ${timeoutMs / 1_000} seconds`;
  throw new CliError(
    `service '${name}' ${how}: ${last === null ? "nothing is known of it yet" : await reasonOf(client, last)}`,
    `Its pods and where their logs are: ${describeCommand(namespace, name)}`,
    { exitCode: "notReady" },
  );
}

/** Why a Service that is not ready is not. */
export async function reasonOf(client: ApiClient, service: ServiceView): Promise<string> {
  const readiness = readinessOf(service);
  if (readiness.state !== "ready" && readiness.reason !== "") return readiness.reason;
  return explainWaiting(client, service);
}

/** @throws CliError when the time is up or it was interrupted */
export async function waitForDeletion(
  client: ApiClient,
  namespace: string,
  name: string,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const late = AbortSignal.timeout(timeoutMs);
  const bounds = { timeoutMs, signal: AbortSignal.any([signal, late]) };
  for await (const sight of watchObject(client, "Service", namespace, name, bounds)) {
    if (sight === null) return;
  }
  if (signal.aborted)
    throw new CliError(`stopped waiting for the end of service '${name}'`, "", { exitCode: "interrupted" });
  throw new CliError(
    `service '${name}' is not gone after ${timeoutMs / 1_000} seconds`,
    `Its pods may still finish requests: ${describeCommand(namespace, name)}`,
    { exitCode: "notReady" },
  );
}

function describeCommand(namespace: string, name: string): string {
  return `rouse service describe ${name}${namespace === "default" ? "" : ` -n ${namespace}`}`;
}
