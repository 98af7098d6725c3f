/**
 * `rouse up`: everything on this machine, in the foreground.
 *
 *     secrets ▶ run file ▶ ports ▶ edge ▶ agents ▶ kubeconfig ▶ examples ▶ "Ready"      … signal …      agents ▶ edge
 *
 * The agents stop first, all at once, so that the edge hears their goodbyes: at the next start it must not look for pods
 * on an agent that is not there. An agent that says goodbye takes no more orders, so no replacement is started on it.
 */
import { join, relative } from "node:path";
import { ApiClient } from "../api/api-client.ts";
import { CliError } from "../cli-error.ts";
import { isLoopback } from "../loopback.ts";
import { PACKAGE_ROOT, packageVersion } from "../package-root.ts";
import { ADMIN_TOKEN_FILE, loadSecrets, makePrivateDir, writePrivateFile } from "../secrets.ts";
import { type LocalAgent, startAgent } from "./agents.ts";
import { AppliedManifests } from "./applied-manifests.ts";
import { type Edge, startEdge } from "./edge.ts";
import { applyExamples, type ExampleOutcome } from "./examples.ts";
import { kubeconfigText, localApiUrl } from "./kubeconfig.ts";
import { openPage } from "./open-page.ts";
import { choosePort } from "./ports.ts";
import { duration, line, localUrl, type Style, styleFor } from "./report.ts";
import { claimRunFile } from "./run-file.ts";
import { type StopSignal, watchForStop } from "./stop-signal.ts";

export type UpOptions = {
  readonly host: string;
  readonly port: number;
  /** null = the default, or any free port when that is taken. */
  readonly dataPort: number | null;
  readonly metricsPort: number | null;
  /** Absolute. */
  readonly stateDir: string;
  readonly drivers: readonly string[];
  readonly domain: string;
  readonly agentCount: number;
  readonly withExamples: boolean;
  readonly opensPage: boolean;
};

/** Knative's ports of the queue-proxy. */
const DEFAULT_DATA_PORT = 8012;
const DEFAULT_METRICS_PORT = 9090;

type Running = { edge: Edge | null; agents: LocalAgent[] };

/** Runs until it is told to stop. */
export async function up(options: UpOptions): Promise<void> {
  const stop = watchForStop();
  const running: Running = { edge: null, agents: [] };
  makePrivateDir(options.stateDir);
  const runFile = await claimRunFile(options.stateDir);
  try {
    await start(options, running, runFile.record, stop.signal);
    await stop.requested;
    print("\nStopping.");
  } catch (error) {
    // Whatever broke off because of a Ctrl-C during the start is no failure.
    if (!stop.signal.aborted) throw error;
  } finally {
    await stopAll(running, stop);
    runFile.clear();
  }
}

async function start(
  options: UpOptions,
  running: Running,
  record: (role: "workerd" | "agent", pid: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const startedAt = performance.now();
  const style = styleFor(process.stdout, process.env);
  const secrets = loadSecrets(options.stateDir);
  const logDir = join(options.stateDir, "logs");
  const port = await choosePort("--port", options.host, options.port, false);
  print(`${style.bold(`Rouse ${packageVersion()}`)}\n`);

  const edge = await startEdge({
    host: options.host,
    port,
    secrets,
    domain: options.domain,
    dataDir: join(options.stateDir, "edge"),
    logFile: join(logDir, "edge.log"),
    onProcess: (pid) => record("workerd", pid),
  });
  running.edge = edge;
  const apiOrigin = `http://127.0.0.1:${port}`;
  writePrivateFile(join(options.stateDir, "kubeconfig"), kubeconfigText(localApiUrl(apiOrigin, secrets.adminToken)));
  print(line(style, "edge", edge.url, `workerd, ${duration(edge.startMs)}; bundle, ${duration(edge.bundleMs)}`));

  const agentsStartedAt = performance.now();
  running.agents = await startAgents(options, edge.url, secrets.rootKey, logDir, (pid) => record("agent", pid));
  await unlessStopped(Promise.all(running.agents.map(({ connected }) => connected)), signal);
  print(agentsLine(running.agents, options.drivers, performance.now() - agentsStartedAt, style));
  // Elsewhere a token in a path is not accepted, and the page asks for it.
  print(line(style, "status", `${isLoopback(options.host) ? localApiUrl(apiOrigin, secrets.adminToken) : apiOrigin}/`));
  print(line(style, "state", shown(options.stateDir), `kubeconfig, ${ADMIN_TOKEN_FILE}, logs/`));

  const client = new ApiClient(edge.url, secrets.adminToken);
  if (options.withExamples) await startExamples(client, port, style, signal, options.stateDir);
  print(
    `\n${style.bold("Ready")} in ${duration(performance.now() - startedAt)}. Ctrl-C stops everything, pods included.`,
  );
  if (options.opensPage && process.stdout.isTTY) openPage(`${apiOrigin}/`);
}

async function startAgents(
  options: UpOptions,
  edgeUrl: string,
  rootKey: string,
  logDir: string,
  onProcess: (pid: number) => void,
): Promise<LocalAgent[]> {
  const agents: LocalAgent[] = [];
  for (let number = 1; number <= options.agentCount; number += 1) {
    const name = number === 1 ? "local" : `local-${number}`;
    const wantedData = number === 1 ? options.dataPort : 0;
    const wantedMetrics = number === 1 ? options.metricsPort : 0;
    const { host } = options;
    agents.push(
      startAgent({
        name,
        edgeUrl,
        rootKey,
        stateDir: join(options.stateDir, `agent-${number}`),
        logFile: join(logDir, `agent-${number}.log`),
        host: "127.0.0.1",
        dataPort: await choosePort("--data-port", host, wantedData ?? DEFAULT_DATA_PORT, wantedData === null),
        metricsPort: await choosePort(
          "--metrics-port",
          host,
          wantedMetrics ?? DEFAULT_METRICS_PORT,
          wantedMetrics === null,
        ),
        drivers: options.drivers,
        onProcess,
        onRestart: (message) => print(`  ${message}`),
      }),
    );
  }
  return agents;
}

function agentsLine(agents: readonly LocalAgent[], drivers: readonly string[], tookMs: number, style: Style): string {
  if (agents.length === 0) return line(style, "agents", "none", "rouse agent lets this or another machine join");
  const names = agents.map(({ name }) => name).join(", ");
  return line(style, agents.length === 1 ? "agent" : "agents", names, `${drivers.join(", ")}; ${duration(tookMs)}`);
}

async function startExamples(
  client: ApiClient,
  port: number,
  style: Style,
  signal: AbortSignal,
  stateDir: string,
): Promise<void> {
  print("");
  const show = (outcome: ExampleOutcome) => print(exampleLine(outcome, port, style));
  const applied = new AppliedManifests(stateDir);
  const outcomes = await applyExamples(client, join(PACKAGE_ROOT, "examples"), applied, signal, show);
  const ready = outcomes.filter((outcome) => outcome.state === "ready");
  const shownFirst = ready.find(({ name }) => name === "hello") ?? ready[0];
  if (shownFirst === undefined) return;
  print(`\n  curl ${localUrl(shownFirst.url, port)}`);
  print(`  kn --kubeconfig ${shown(join(stateDir, "kubeconfig"))} service list`);
}

function exampleLine(outcome: ExampleOutcome, port: number, style: Style): string {
  if (outcome.state === "ready") {
    return line(
      style,
      outcome.name,
      outcome.url === "" ? "applied" : localUrl(outcome.url, port),
      duration(outcome.tookMs),
    );
  }
  if (outcome.state === "deleted") {
    return line(style, outcome.name, "deleted", `rouse apply -f ${shown(outcome.file)} brings it back`);
  }
  const { message, remedy } = outcome.error;
  return `${line(style, outcome.name, style.red("failed"), message)}${remedy === "" ? "" : `\n${line(style, "", remedy)}`}`;
}

async function stopAll({ edge, agents }: Running, stop: StopSignal): Promise<void> {
  const orderly = Promise.all(agents.map((agent) => agent.stop()));
  const isInsisted = await Promise.race([orderly.then(() => false), stop.insisted.then(() => true)]);
  if (isInsisted) for (const agent of agents) agent.kill();
  await edge?.stop();
}

/** A wait that a stop ends. */
function unlessStopped<T>(wait: Promise<T>, signal: AbortSignal): Promise<T> {
  const stopped = Promise.withResolvers<never>();
  signal.addEventListener("abort", () => stopped.reject(new CliError("stopped")), { once: true });
  return Promise.race([wait, stopped.promise]);
}

/** As the user would type it. */
function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") ? path : short || ".";
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
