/** Pods as the Agent objects report them. There are few agents, so they are asked side by side, each with a deadline. */
import type { AgentView } from "../../core/protocol/control-plane.ts";
import type { AgentDescription } from "../../core/protocol/objects.ts";
import { nodeNames } from "../../core/view/node.ts";
import { type PodFacts, podView } from "../../core/view/pod.ts";
import type { ViewObject } from "../../core/view/view-object.ts";
import { type ApiEnv, controlPlaneOf } from "./environment.ts";
import { withDeadline } from "./view-deadline.ts";
import { listRevisions } from "./view-revisions.ts";

const MAX_AGENTS_AT_ONCE = 8;

/** @param namespace null = all. In order of namespace and name. */
export async function listPods(env: ApiEnv, namespace: string | null): Promise<ViewObject[]> {
  const agents = await controlPlaneOf(env).describeAgents();
  const nodes = nodeNames(agents);
  const described = await describeAll(env, agents.filter(hasPods));
  const facts = described.flatMap((agent) => podFacts(agent, nodes.get(agent.agentUid) ?? agent.agentUid));
  const wanted = facts.filter(({ wished }) => namespace === null || wished.namespace === namespace);
  const pods = (await withRevisions(env, wanted)).flatMap((pod) => podView(pod) ?? []);
  return pods.sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
}

/** The pods of a lost agent are replaced elsewhere; one that was never seen has none. */
function hasPods({ connection }: AgentView): boolean {
  return connection === "Connected" || connection === "Disconnected";
}

/** What an agent's object does not say in time is left out. */
async function describeAll(env: ApiEnv, agents: readonly AgentView[]): Promise<AgentDescription[]> {
  const descriptions: AgentDescription[] = [];
  const waiting = [...agents];
  const ask = async () => {
    for (let agent = waiting.shift(); agent !== undefined; agent = waiting.shift()) {
      const description = await withDeadline(env.AGENT.getByName(agent.agentUid).describe());
      if (description !== null) descriptions.push(description);
    }
  };
  await Promise.all(Array.from({ length: MAX_AGENTS_AT_ONCE }, ask));
  return descriptions;
}

function podFacts({ desired, pods, connection, dataUrl }: AgentDescription, nodeName: string): PodFacts[] {
  const statuses = new Map(pods.map((status) => [status.podId, status]));
  return desired.map((wished) => {
    const status = statuses.get(wished.podId) ?? null;
    return { wished, status, revision: null, nodeName, connection, dataUrl };
  });
}

async function withRevisions(env: ApiEnv, pods: readonly PodFacts[]): Promise<PodFacts[]> {
  if (pods.length === 0) return [];
  const uids = [...new Set(pods.map(({ wished }) => wished.revisionUid))];
  const revisions = await listRevisions(env, { by: "uid", uids });
  const byUid = new Map(revisions.map((revision) => [revision.metadata.uid, revision]));
  return pods.map((pod) => ({ ...pod, revision: byUid.get(pod.wished.revisionUid) ?? null }));
}

function sortKey({ metadata }: ViewObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}
