/** Services under test, through the same API as any client's. */
import { setTimeout as delay } from "node:timers/promises";
import type { ApiClient } from "../../src/cli/api/api-client.ts";
import { applyManifest } from "../../src/cli/api/apply.ts";
import { nounPath } from "../../src/cli/api/kinds.ts";
import { servicePath } from "../../src/cli/api/service-view.ts";
import { waitForReady } from "../../src/cli/api/wait-ready.ts";
import { CliError } from "../../src/cli/cli-error.ts";

/** `examples/hello.yaml`: a plain Node.js HTTP server. */
export const HELLO_COMMAND = ["node", "examples/apps/hello/server.js"] as const;

export type ServiceWish = {
  readonly name: string;
  readonly command?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly containerConcurrency?: number;
  readonly env?: Readonly<Record<string, string>>;
};

const NAMESPACE = "default";
const READY_TIMEOUT_MS = 30_000;
const ZERO_TIMEOUT_MS = 90_000;
const POLL_MS = 200;

export const hostOf = (service: string): string => `${service}.${NAMESPACE}.localhost`;

/** Applies the service and waits until it is ready. */
export async function applyService(client: ApiClient, wish: ServiceWish): Promise<void> {
  const { name, command = HELLO_COMMAND, annotations = {}, containerConcurrency = 0, env = {} } = wish;
  await applyManifest(client, {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: { name, namespace: NAMESPACE },
    spec: {
      template: {
        metadata: { annotations: { "rouse.dev/driver": "process", ...annotations } },
        spec: {
          containerConcurrency,
          containers: [
            {
              image: "rouse.dev/bench",
              command: [...command],
              env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
            },
          ],
        },
      },
    },
  });
  await waitForReady(client, NAMESPACE, name, { timeoutMs: READY_TIMEOUT_MS, windowMs: 2_000 });
}

export async function deleteService(client: ApiClient, name: string): Promise<void> {
  await client.expect(`delete service ${name}`, "DELETE", servicePath(NAMESPACE, name));
}

/** Services go to zero at once after their window, not 30 s later. */
export async function shortenGracePeriod(client: ApiClient): Promise<void> {
  await applyManifest(client, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "config-autoscaler", namespace: "knative-serving" },
    data: { "scale-to-zero-grace-period": "1s" },
  });
}

type RevisionView = {
  readonly metadata: { readonly uid: string; readonly labels?: Readonly<Record<string, string>> };
  readonly status?: {
    readonly actualReplicas?: number;
    readonly desiredReplicas?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
};

/** Waits until none of the services has a pod. */
export async function waitForZero(client: ApiClient, services: readonly string[]): Promise<void> {
  const wanted = new Set(services);
  await poll(`services ${services.join(", ")} go to zero`, ZERO_TIMEOUT_MS, async () => {
    const mine = (await revisions(client)).filter((revision) => wanted.has(serviceOf(revision)));
    return mine.length >= wanted.size && mine.every(isAtZero) ? true : null;
  });
}

export async function revisionUidOf(client: ApiClient, service: string): Promise<string> {
  const revision = (await revisions(client)).find((each) => serviceOf(each) === service);
  if (revision === undefined) throw new CliError(`service ${service} has no revision`);
  return revision.metadata.uid;
}

/** @param ask resolves to null as long as it is not so */
export async function poll<T>(what: string, timeoutMs: number, ask: () => Promise<T | null>): Promise<T> {
  const deadlineMs = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (Date.now() > deadlineMs) throw new CliError(`waited ${timeoutMs / 1_000} s in vain: ${what}`);
    await delay(POLL_MS);
  }
}

async function revisions(client: ApiClient): Promise<readonly RevisionView[]> {
  const path = nounPath("Revision", NAMESPACE);
  return ((await client.expect("list revisions", "GET", path)) as { items: readonly RevisionView[] }).items;
}

const serviceOf = ({ metadata }: RevisionView): string => metadata.labels?.["serving.knative.dev/service"] ?? "";

function isAtZero({ status }: RevisionView): boolean {
  const active = status?.conditions?.find(({ type }) => type === "Active");
  return active?.status === "False" && (status?.actualReplicas ?? 0) === 0 && (status?.desiredReplicas ?? 0) === 0;
}
