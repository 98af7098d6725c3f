import { resolve } from "node:path";
import { Command, Option } from "commander";
import { stateOption } from "../api/connection.ts";
import { CliError } from "../cli-error.ts";
import { type DriverChoice, driverOption, driversFor } from "./driver-option.ts";
import { count, domainSuffix, portNumber } from "./option-values.ts";

type Flags = {
  readonly host: string;
  readonly port: number;
  readonly dataPort?: number;
  readonly metricsPort?: number;
  readonly state: string;
  readonly driver: DriverChoice;
  readonly domain: string;
  readonly agents: number;
  readonly examples: boolean;
  readonly open: boolean;
};

export function upCommand(): Command {
  return new Command("up")
    .description("run everything on this machine: edge, origin agent, examples")
    .addOption(
      new Option("--port <port>", "port of the edge: services and API; 0 = any free one")
        .default(8080)
        .argParser(portNumber),
    )
    .option("--host <address>", "address that the edge listens on", "127.0.0.1")
    .addOption(
      new Option("--data-port <port>", "port of the agent's data plane (default: 8012, or any free one)").argParser(
        portNumber,
      ),
    )
    .addOption(
      new Option("--metrics-port <port>", "port of the agent's metrics (default: 9090, or any free one)").argParser(
        portNumber,
      ),
    )
    .addOption(stateOption("folder that keeps secrets, databases and logs"))
    .addOption(driverOption().default("auto"))
    .addOption(
      new Option("--domain <suffix>", "suffix of the services' host names")
        .default("localhost")
        .argParser(domainSuffix),
    )
    .addOption(
      new Option("--agents <count>", "origin agents to start; 0 = others will join").default(1).argParser(count),
    )
    .option("--no-examples", "do not apply examples/")
    .option("--no-open", "do not open the status page in a browser")
    .allowExcessArguments()
    .action(async (flags: Flags, command: Command) => {
      refuseMisplaced(command);
      // Miniflare and esbuild take half a second to load: no other verb waits for them.
      const { up } = await import("../up/up.ts");
      await up({
        host: flags.host,
        port: flags.port,
        dataPort: flags.dataPort ?? null,
        metricsPort: flags.metricsPort ?? null,
        stateDir: resolve(flags.state),
        drivers: driversFor(flags.driver),
        domain: flags.domain,
        agentCount: flags.agents,
        withExamples: flags.examples,
        opensPage: flags.open,
      });
      // Sockets of a library must not keep us from ending.
      process.exit(0);
    });
}

/** `npm start --port 8081` gives the option to npm, which leaves it in the environment and passes the value on. */
function refuseMisplaced({ options, args }: Command): void {
  const taken = swallowedByNpm(options, args, process.env);
  if (taken.length > 0)
    throw new CliError(`npm took ${taken.join(" ")} for itself`, `Use: npm start -- ${taken.join(" ")}`);
  if (args.length > 0)
    throw new CliError(`unexpected argument: ${args.join(" ")}`, "Every setting has an option: --help.");
}

/**
 * @param args what npm passed on: the values of options that were written without `=`, which it knows as "true"
 * @returns the options that npm kept, as they should be written
 */
export function swallowedByNpm(options: readonly Option[], args: readonly string[], env: NodeJS.ProcessEnv): string[] {
  if (env.npm_lifecycle_event !== "start") return [];
  const values = [...args];
  return options.flatMap(({ long, negate }) => {
    const name = long?.replace(/^--(no-)?/, "") ?? "";
    const kept = env[`npm_config_${name.replaceAll("-", "_")}`];
    if (kept === undefined) return [];
    const value = kept === "true" ? (values.shift() ?? "") : kept;
    return negate ? [`--no-${name}`] : [`--${name} ${value}`.trimEnd()];
  });
}
