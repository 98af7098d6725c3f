import { resolve } from "node:path";
import { Command, Option } from "commander";
import { agentCommandLine, CREDENTIAL_VARIABLE } from "../agent-program.ts";
import { edgeUrl } from "../api/edge-url.ts";
import { usage } from "../cli-error.ts";
import { type JoinedAgent, joinOnce } from "../join.ts";
import { agentDescribeCommand } from "./agent/describe.ts";
import { agentListCommand } from "./agent/list.ts";
import { driverNames } from "./driver-option.ts";
import { portNumber } from "./option-values.ts";

type Flags = {
  readonly edge?: string;
  readonly token?: string;
  readonly name?: string;
  readonly state: string;
  readonly host: string;
  readonly dataPort: number;
  readonly metricsPort: number;
  readonly dataUrl?: string;
  readonly drivers: string;
  readonly workdir: string;
};

export function agentCommand(): Command {
  return (
    new Command("agent")
      .description("run an origin agent: this machine runs pods for an edge")
      .addOption(new Option("--edge <url>", "URL of the edge's control host; required").argParser(edgeUrl))
      .option("--token <token>", "join token, needed at the first start only (of `token create`)")
      .option("--name <name>", "name of this machine (default: the one it had, at first the host name)")
      .option("--state <dir>", "folder that keeps the agent's identity and its pods", ".rouse-agent")
      .option("--host <address>", "address that the data plane listens on", "127.0.0.1")
      .addOption(
        new Option("--data-port <port>", "port of the data plane; 0 = any free one")
          .default(8012)
          .argParser(portNumber),
      )
      .addOption(
        new Option("--metrics-port <port>", "port of the metrics; 0 = any free one")
          .default(9090)
          .argParser(portNumber),
      )
      .option("--data-url <url>", "URL by which the edge reaches the data plane (default: host and port)")
      .addOption(
        new Option("--drivers <names>", "how pods may run here, comma separated, the default first")
          .default("process")
          .argParser(driverNames),
      )
      .option("--workdir <dir>", "folder that pods run in; their relative workingDir starts there", ".")
      // Its verbs have options of the same names, which stand behind them.
      .enablePositionalOptions()
      .addCommand(agentListCommand())
      .addCommand(agentDescribeCommand())
      .action(async ({ edge, ...flags }: Flags) => {
        if (edge === undefined) throw usage("required option '--edge <url>' not specified", EDGE_REMEDY);
        const agent = await joinOnce({ ...flags, edge, stateDir: resolve(flags.state) });
        await becomeAgent(agent, { ...flags, edge });
      })
  );
}

const EDGE_REMEDY = "To look at agents: rouse agent list.";

/** The agent takes this process over: one less that can die alone, and signals arrive where they matter. */
async function becomeAgent(
  { agentUid, credential, name }: JoinedAgent,
  flags: Flags & { readonly edge: string },
): Promise<void> {
  const [program = "", ...args] = agentCommandLine({
    ...flags,
    agentUid,
    name,
    stateDir: resolve(flags.state),
    workDir: resolve(flags.workdir),
  });
  process.env[CREDENTIAL_VARIABLE] = credential;
  process.argv = [process.execPath, program, ...args];
  await import(program);
}
