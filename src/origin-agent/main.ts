/**
 * The origin agent's process. Tells its parent on stdout, in JSON lines, that it listens and that the edge has welcomed it;
 * logs go to stderr. SIGTERM, SIGINT and (with --stop-with-stdin) the end of stdin stop the pods and then the agent;
 * kill -9 stops neither: the next agent adopts the pods.
 */
import { hostname } from "node:os";
import { Command, InvalidArgumentError, Option } from "commander";
import { destination, pino } from "pino";
import { startAgent } from "./agent.ts";

const DEFAULT_DATA_PORT = 8012;
const DEFAULT_METRICS_PORT = 9090;
const DEFAULT_MAX_PODS = 100;

// Read once and removed, so that nothing that is started can inherit it.
const credential = process.env.ROUSE_AGENT_CREDENTIAL ?? "";
delete process.env.ROUSE_AGENT_CREDENTIAL;

const command = new Command("rouse-agent")
  .description("Runs pods on this machine for a Rouse edge. The credential is read from ROUSE_AGENT_CREDENTIAL.")
  .requiredOption("--edge <url>", "base URL of the edge's control host", toHttpUrl)
  .requiredOption("--state <dir>", "folder for the agent's records and the pods' logs")
  .requiredOption("--agent-uid <uid>", "identity that the edge registered")
  .option("--name <name>", "name shown to people", hostname())
  .option("--host <address>", "address to listen on", "127.0.0.1")
  .option("--data-port <port>", "port of the data plane; 0 = any free one", toPort, DEFAULT_DATA_PORT)
  .option("--metrics-port <port>", "port of /metrics; 0 = any free one", toPort, DEFAULT_METRICS_PORT)
  .option("--data-url <url>", "data plane as the edge reaches it (default: http://<host>:<data port>)", toHttpUrl)
  .addOption(new Option("--drivers <names>", "drivers to offer, comma-separated, the default first").default("process"))
  .option("--workdir <dir>", "where pods without a workingDir run", process.cwd())
  .option("--max-pods <count>", "pods that this machine runs at once", toCount, DEFAULT_MAX_PODS)
  .option("--stop-with-stdin", "stop the pods and the agent when stdin ends")
  .parse();

type Options = {
  readonly edge: string;
  readonly state: string;
  readonly agentUid: string;
  readonly name: string;
  readonly host: string;
  readonly dataPort: number;
  readonly metricsPort: number;
  readonly dataUrl?: string;
  readonly drivers: string;
  readonly workdir: string;
  readonly maxPods: number;
  readonly stopWithStdin?: true;
};

await run(command.opts<Options>());

async function run(options: Options): Promise<void> {
  // What stderr does not take (a file on a full disk) is lost: no line is worth the agent.
  const stderr = destination({ dest: 2, sync: true }).on("error", () => {});
  const log = pino({ level: process.env.ROUSE_LOG_LEVEL ?? "info" }, stderr);
  // The parent that read it may be dead: the pods must be stopped all the same. (pino minds its own broken pipe.)
  process.stdout.on("error", () => {});
  if (credential === "") command.error("error: ROUSE_AGENT_CREDENTIAL is not set: take it from `rouse agent join`");
  const agent = await startAgent({
    edge: options.edge,
    agentUid: options.agentUid,
    name: options.name,
    credential,
    stateDir: options.state,
    workDir: options.workdir,
    host: options.host,
    dataPort: options.dataPort,
    metricsPort: options.metricsPort,
    ...(options.dataUrl !== undefined && { dataUrl: options.dataUrl }),
    drivers: options.drivers.split(",").map((name) => name.trim()),
    maxPods: options.maxPods,
    log,
  }).catch((error: unknown) => command.error(`error: ${error instanceof Error ? error.message : String(error)}`));

  let exitCode = 0;
  const stop = (why: string) => {
    log.info({ why }, "stopping the pods and the agent");
    void agent.close({ stopPods: true }).then(() => process.exit(exitCode));
  };
  agent.on("connected", () => tell({ event: "connected" }));
  agent.on("refused", () => {
    exitCode = 1;
    // The edge does not want the agent; that is no reason to end what runs.
    void agent.close({ stopPods: false }).then(() => process.exit(exitCode));
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stop(signal));
  if (options.stopWithStdin) {
    process.stdin.on("end", () => stop("stdin ended")).on("error", () => stop("stdin failed"));
    process.stdin.resume();
  }
  tell({ event: "listening", dataUrl: agent.dataUrl, dataPort: agent.dataPort, metricsPort: agent.metricsPort });
}

function tell(line: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function toHttpUrl(text: string): string {
  if (/^https?:\/\/[^/]/.test(text) && URL.canParse(text)) return text;
  throw new InvalidArgumentError("It must be a URL that begins with http:// or https://.");
}

function toPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError("It must be a port number from 0 to 65535.");
}

function toCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new InvalidArgumentError("It must be a whole number greater than 0.");
}
