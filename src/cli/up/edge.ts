/**
 * The edge on this machine: the Worker and its Durable Objects in workerd, started by Miniflare. Requests arrive at a direct
 * socket and leave through a `network` binding: both skip Miniflare's own Workers, which cost 200 and 100 µs per request.
 */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { CliError, messageOf, systemCodeOf } from "../cli-error.ts";
import { isLoopback } from "../loopback.ts";
import { PACKAGE_ROOT } from "../package-root.ts";
import { hashToken, type Secrets } from "../secrets.ts";
import { bundleWorker } from "./bundle.ts";
import { openLog } from "./log-file.ts";
import { portTaken } from "./ports.ts";
import { parseWorkerConfig } from "./worker-config.ts";

export type EdgeOptions = {
  readonly host: string;
  /** Not 0: workerd comes back on the same port when it has to be restarted. */
  readonly port: number;
  readonly secrets: Secrets;
  /** Suffix of every service's host name. */
  readonly domain: string;
  /** Databases of the Durable Objects, and workerd's pid file. */
  readonly dataDir: string;
  readonly logFile: string;
  /** Called with each new workerd process: at the start, and when Miniflare replaced one that died. */
  readonly onProcess?: (pid: number) => void;
};

export type Edge = {
  /** `http://127.0.0.1:8080`, no trailing slash. */
  readonly url: string;
  readonly bundleMs: number;
  readonly startMs: number;
  /** Ends workerd at once; the state is on disk already. */
  stop(): Promise<void>;
};

// The package has no types.
const workerdBinary = (createRequire(import.meta.url)("workerd") as { readonly default: string }).default;

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
  guardWorkerd();
  const reportProcess = () => options.onProcess?.(Number(readFileSync(pidFile, "utf8")));

  const miniflare = withoutSignalListeners(
    () => new Miniflare(miniflareOptions(options, script, pidFile, log, reportProcess)),
  );
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

function miniflareOptions(
  { host, port, secrets, domain, dataDir }: EdgeOptions,
  script: string,
  pidFile: string,
  log: NodeJS.WritableStream,
  reportProcess: () => void,
) {
  const config = parseWorkerConfig(readFileSync(join(PACKAGE_ROOT, "wrangler.toml"), "utf8"));
  // The kubeconfig's URL holds the token, so a logged URL would too.
  const write = (level: string, message: string) =>
    log.write(`${new Date().toISOString()} ${level} ${message.replaceAll(secrets.adminToken, "<admin-token>")}\n`);
  return convertV4MiniflareOptions({
    name: "rouse",
    compatibilityDate: config.compatibilityDate,
    compatibilityFlags: [...config.compatibilityFlags],
    modules: [{ type: "ESModule", path: "index.js", contents: script }],
    durableObjects: Object.fromEntries(
      config.durableObjects.map(({ binding, className }) => [binding, { className, useSQLite: true }]),
    ),
    bindings: {
      ROUSE_ROOT_KEY: secrets.rootKey,
      ROUSE_ADMIN_TOKEN_HASH: hashToken(secrets.adminToken),
      CONTROL_HOST: "",
      DEFAULT_DOMAIN: domain,
      SINGLE_GATEWAY: "1",
      PATH_TOKENS: isLoopback(host) ? "1" : "",
      // Miniflare's sockets do not tell who calls; on loopback it is known.
      CLIENT_IP: isLoopback(host) ? "127.0.0.1" : "",
    },
    serviceBindings: { NET: { network: { allow: ["private", "public"] } } },
    unsafeDirectSockets: [{ host, port }],
    // Miniflare's own entry is not used; it stays on loopback, on any port.
    host: "127.0.0.1",
    port: 0,
    resourcePersistencePath: dataDir,
    unsafeRuntimeEnv: { ROUSE_WORKERD_PID_FILE: pidFile, ROUSE_WORKERD_BINARY: workerdBinary },
    unsafeHandleRuntimeRestart: reportProcess,
    handleStructuredLogs: ({ level, message }) => write(level, message),
    log: new Log(LogLevel.NONE),
    logRequests: false,
    cf: false, // Otherwise it asks the internet for a sample.
    telemetry: { enabled: false },
  });
}

/** workerd is started through a script that ties its life to ours; where scripts cannot run, plainly. */
function guardWorkerd(): void {
  if (process.platform !== "win32") process.env.MINIFLARE_WORKERD_PATH = join(PACKAGE_ROOT, "bin/workerd-guard.sh");
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
