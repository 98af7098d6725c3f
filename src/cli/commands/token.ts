import { Command } from "commander";
import { type ConnectionFlags, connect, withConnection } from "../api/connection.ts";
import { CliError } from "../cli-error.ts";
import { isLoopback } from "../loopback.ts";

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
      console.error(`\n${joinHint(client.edgeUrl, token)}`);
    }),
    { isDefault: true },
  );
}

/** The command that uses the token. Behind a local edge the ports of the first agent are taken. */
export function joinHint(edgeUrl: string, token: string): string {
  const join = `node bin/rouse.js agent --edge ${edgeUrl} --token ${token}`;
  return isLoopback(new URL(edgeUrl).hostname)
    ? `On this machine, for one more agent, in the folder of Rouse:\n  ${join} --name second --data-port 0 --metrics-port 0`
    : `On the machine that shall run pods, in the folder of Rouse:\n  ${join} --name $(hostname) --data-url https://<where the edge reaches its data port>`;
}
