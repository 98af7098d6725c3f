/** The agents as the edge knows them. */
import type { AgentView } from "../../../core/protocol/control-plane.ts";
import type { ApiClient } from "../../api/api-client.ts";
import { didYouMean } from "../../api/near-names.ts";
import { CliError } from "../../cli-error.ts";

export async function listAgents(client: ApiClient): Promise<readonly AgentView[]> {
  const { items } = client.objectIn(await client.expect("list agents", "GET", "/rouse/v1/agents"));
  return Array.isArray(items) ? (items as AgentView[]) : [];
}

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
