/** The edge on this machine: the Worker, its Durable Objects and its KV in workerd, started by Miniflare. */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { convertV4MiniflareOptions, Miniflare, type V4WorkerOptions } from "miniflare";
import { CliError, messageOf, systemCodeOf } from "../cli-error.ts";
import { PACKAGE_ROOT } from "../package-root.ts";
import type { Secrets } from "../secrets.ts";
import { bundleWorker } from "./bundle.ts";
import { processOptions, ROUSE_WORKER, readWorkerConfig, rouseWorker } from "./edge-worker.ts";
import { openLog } from "./log-file.ts";
import { portTaken } from "./ports.ts";

export type EdgeOptions = {
  readonly host: string;
  /** Not 0: workerd comes back on the same port when it has to be restarted. */
  readonly port: number;
  readonly secrets: Secrets;
  /** Suffix of every service's host name. */
  readonly domain: string;
  /** Databases of the Durable Objects and of KV, and workerd's pid file. */
  readonly dataDir: string;
  readonly logFile: string;
  /** Called with each new workerd process: at the start, and when Miniflare replaced one that died. */
  readonly onProcess?: (pid: number) => void;
  /** Workers beside Rouse's own in the same process, see plainWorker. */
  readonly extraWorkers?: readonly V4WorkerOptions[];
};

export type Edge = {
  /** `http://127.0.0.1:8080`, no trailing slash. */
  readonly url: string;
  readonly bundleMs: number;
  readonly startMs: number;
  /** Ends workerd at once; the state is on disk already. */
  stop(): Promise<void>;
};

const STOP_TIMEOUT_MS = 3_000;

export async function startEdge(options: EdgeOptions): Promise<Edge> {
  const bundleStart = performance.now();
  const script = await bundleWorker(PACKAGE_ROOT);
  const start = performance.now();
  mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = openLog(options.logFile);
  const pidFile = join(options.dataDir, "workerd.pid");
  rmSync(pidFile, { force: true });
  const reportProcess = () => options.onProcess?.(Number(readFileSync(pidFile, "utf8")));

  // The kubeconfig's URL holds the token, so a logged URL would too.
  const write = (level: string, message: string) =>
    log.write(
      `${new Date().toISOString()} ${level} ${message.replaceAll(options.secrets.adminToken, "<admin-token>")}\n`,
    );
  const source = { name: ROUSE_WORKER, script, host: options.host, port: options.port };
  const worker = rouseWorker(readWorkerConfig(), source, { ...options, isSingleGateway: true });
  const miniflareOptions = convertV4MiniflareOptions({
    ...processOptions(options.dataDir, pidFile),
    workers: [worker, ...(options.extraWorkers ?? [])],
    unsafeHandleRuntimeRestart: reportProcess,
    handleStructuredLogs: ({ level, message }) => write(level, message),
  });
  const miniflare = withoutSignalListeners(() => new Miniflare(miniflareOptions));
  try {
    await miniflare.ready;
  } catch (error) {
    await miniflare.dispose().catch(() => {});
    throw startFailure(error, options);
  }
  reportProcess();
  return {
    url: `http://${options.host.includes(":") ? `[${options.host}]` : options.host}:${options.port}`,
    bundleMs: start - bundleStart,
    startMs: performance.now() - start,
    async stop() {
      const timeout = Promise.withResolvers<void>();
      const timer = setTimeout(timeout.resolve, STOP_TIMEOUT_MS);
      await Promise.race([miniflare.dispose(), timeout.promise]);
      clearTimeout(timer);
      log.end();
    },
  };
}

/** Miniflare exits the process at once on a signal, so nothing that we do on one would happen. */
function withoutSignalListeners<T>(create: () => T): T {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const before = new Map(signals.map((signal) => [signal, process.listeners(signal)]));
  const created = create();
  for (const [signal, known] of before) {
    for (const listener of process.listeners(signal)) {
      if (!known.includes(listener)) process.removeListener(signal, listener);
    }
  }
  return created;
}

function startFailure(error: unknown, { host, port, logFile }: EdgeOptions): CliError {
  if (systemCodeOf(error) === "ERR_ADDRESS_IN_USE") return portTaken("--port", host, port);
  return new CliError(`workerd did not start: ${messageOf(error)}`, `See ${logFile}.`, { cause: error });
}
