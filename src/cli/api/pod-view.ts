/** The pods of revisions: what the data plane knows of them, and where their output is on this machine. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { RevisionDescription } from "../../core/protocol/objects.ts";
import type { ApiClient } from "./api-client.ts";
import type { RevisionView } from "./views.ts";

export type PodView = {
  readonly podId: string;
  readonly revision: string;
  readonly state: string;
  /** null when its agent's state folder is not here. */
  readonly logPath: string | null;
};

/** A revision that ends while it is asked for has none. */
export async function listPods(
  client: ApiClient,
  revisions: readonly RevisionView[],
  stateDir: string,
): Promise<PodView[]> {
  const described = await Promise.all(
    revisions.map(async ({ metadata: { name, namespace } }) => {
      const path = `/rouse/v1/namespaces/${encodeURIComponent(namespace)}/revisions/${encodeURIComponent(name)}`;
      const { status, body } = await client.request("GET", path);
      if (status >= 300) return [];
      const { pods } = body as RevisionDescription;
      return pods.map(({ podId, state }) => ({ podId, revision: name, state, logPath: findLog(stateDir, podId) }));
    }),
  );
  return described.flat();
}

/** Each agent of `rouse up` has a folder in its state folder, and in it a folder for each pod. */
export function findLog(stateDir: string, podId: string): string | null {
  let agents: string[];
  try {
    agents = readdirSync(stateDir).filter((name) => name.startsWith("agent-"));
  } catch {
    return null;
  }
  return agents.map((agent) => join(stateDir, agent, "pods", podId, "log")).find((path) => existsSync(path)) ?? null;
}
