import { Command } from "commander";
import type { AgentDescription } from "../../../core/protocol/objects.ts";
import { type ConnectionFlags, connect, withConnection } from "../../api/connection.ts";
import { describeAgent } from "../../text/agent-text.ts";
import { paintStatus } from "../../text/colour.ts";
import { documentText, outputOption } from "../../text/machine.ts";
import { findAgent } from "./agents.ts";

type Flags = ConnectionFlags & { readonly output?: "json" | "yaml" };

export function agentDescribeCommand(): Command {
  const command = new Command("describe")
    .description("show one machine and its pods")
    .argument("<name>", "name or uid of the agent")
    .addOption(outputOption("json", "yaml"));
  return withConnection(command).action(async (name: string, flags: Flags) => {
    const client = connect(flags);
    const agent = await findAgent(client, name);
    const path = `/rouse/v1/agents/${encodeURIComponent(agent.agentUid)}`;
    const known = (await client.expect(`read agent ${name}`, "GET", path)) as AgentDescription;
    if (flags.output !== undefined) return console.log(documentText(flags.output, { ...agent, ...known }));
    console.log(describeAgent(agent, known, Date.now(), paintStatus));
  });
}
