/** The agents as the edge knows them. */
import type { AgentView } from "../../../core/protocol/control-plane.ts";
import { nodeNames } from "../../../core/view/node.ts";
import type { ApiClient } from "../../api/api-client.ts";
import { didYouMean } from "../../api/near-names.ts";
import { CliError } from "../../cli-error.ts";

export async function listAgents(client: ApiClient): Promise<readonly AgentView[]> {
  const { items } = client.objectIn(await client.expect("list agents", "GET", "/rouse/v1/agents"));
  return Array.isArray(items) ? (items as AgentView[]) : [];
}

/**
 * How many pods run on each agent, by its uid. The API tells it of Nodes, as which agents have names of their own.
 * @param agents all, in the order in which the edge lists them
 */
export async function countPods(client: ApiClient, agents: readonly AgentView[]): Promise<ReadonlyMap<string, number>> {
  const { items } = client.objectIn(await client.expect("list pods", "GET", "/api/v1/pods"));
  const nodes = (Array.isArray(items) ? (items as PodItem[]) : [])
    .filter(({ status }) => status?.phase === "Running")
    .map(({ spec }) => spec?.nodeName);
  return new Map(
    [...nodeNames(agents)].map(([agentUid, name]) => [agentUid, nodes.filter((node) => node === name).length]),
  );
}

type PodItem = { readonly spec?: { readonly nodeName?: string }; readonly status?: { readonly phase?: string } };

/** @param nameOrUid a name that several machines have is no answer: then its uid is asked for */
export async function findAgent(client: ApiClient, nameOrUid: string): Promise<AgentView> {
  const agents = await listAgents(client);
  const found = agents.filter(({ name, agentUid }) => name === nameOrUid || agentUid === nameOrUid);
  const [agent, ...others] = found;
  if (agent === undefined) {
    const names = agents.map(({ name }) => name);
    throw new CliError(
      `agent '${nameOrUid}' not found`,
      `${didYouMean(nameOrUid, names)} All of them: rouse agent list`.trim(),
    );
  }
  if (others.length > 0) {
    const uids = found.map(({ agentUid }) => agentUid).join(", ");
    throw new CliError(`${found.length} agents have the name '${nameOrUid}'`, `Give the uid of one: ${uids}`);
  }
  return agent;
}
