import { Command } from "commander";
import { type ConnectionFlags, connect, withConnection } from "../api/connection.ts";
import { CliError } from "../cli-error.ts";

export function tokenCommand(): Command {
  const create = new Command("create").description("make a join token: one agent may join with it, once");
  return new Command("token").description("tokens of the control plane").addCommand(
    withConnection(create).action(async (flags: ConnectionFlags) => {
      const client = connect(flags);
      const { token } = (await client.expect("create a join token", "POST", "/rouse/v1/join-tokens", {})) as {
        token?: unknown;
      };
      if (typeof token !== "string")
        throw new CliError("the edge answered without a token", "Do edge and CLI have the same version?");
      console.log(token);
      console.error(
        `\nOn the machine that shall run pods:\n  rouse agent --edge ${client.edgeUrl} --token ${token} --name $(hostname)`,
      );
    }),
  );
}
