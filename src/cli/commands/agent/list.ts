import { Command } from "commander";
import { type ConnectionFlags, connect, withConnection } from "../../api/connection.ts";
import { AGENT_COLUMNS, agentRow } from "../../text/agent-text.ts";
import { paintStatus } from "../../text/colour.ts";
import { documentText, outputOption } from "../../text/machine.ts";
import { listTable } from "../../text/table.ts";
import { countPods, listAgents } from "./agents.ts";

type Flags = ConnectionFlags & { readonly headers: boolean; readonly output?: "json" | "yaml" | "name" };

export function agentListCommand(): Command {
  const command = new Command("list")
    .alias("ls")
    .description("show the machines that run pods")
    .option("--no-headers", "print no header line")
    .addOption(outputOption("json", "yaml", "name"));
  return withConnection(command).action(async (flags: Flags) => {
    const client = connect(flags);
    const agents = await listAgents(client);
    if (flags.output === "json" || flags.output === "yaml") {
      return console.log(documentText(flags.output, { items: agents }));
    }
    if (agents.length === 0) return console.error("No agents found.");
    if (flags.output === "name") return console.log(agents.map(({ name }) => name).join("\n"));
    const podCounts = await countPods(client, agents);
    const rows = agents.map((agent) => agentRow(agent, podCounts.get(agent.agentUid) ?? 0, Date.now()));
    console.log(listTable(AGENT_COLUMNS, rows, { headers: flags.headers, paint: paintStatus }));
  });
}
