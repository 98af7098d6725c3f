/**
 * What Miniflare is told of the edge. Requests arrive at a direct socket and leave through a `network` binding: both skip
 * Miniflare's own Workers, which cost 200 and 100 µs per request.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Log, LogLevel, type V4SharedOptions, type V4WorkerOptions } from "miniflare";
import { isLoopback } from "../loopback.ts";
import { PACKAGE_ROOT } from "../package-root.ts";
import { hashToken, type Secrets } from "../secrets.ts";
import { parseWorkerConfig, type WorkerConfig } from "./worker-config.ts";

/** Name of Rouse's own Worker, under which others in the same process reach its objects. */
export const ROUSE_WORKER = "rouse";

export type WorkerSource = {
  readonly name: string;
  /** One ES module. */
  readonly script: string;
  readonly host: string;
  readonly port: number;
};

export type RouseVariables = {
  readonly secrets: Secrets;
  /** Suffix of every service's host name. */
  readonly domain: string;
  /** Whether no other process is a gateway: then a changed route counts as served as soon as this one let go of the old. */
  readonly isSingleGateway: boolean;
};

// The package has no types.
const workerdBinary = (createRequire(import.meta.url)("workerd") as { readonly default: string }).default;

export function readWorkerConfig(): WorkerConfig {
  return parseWorkerConfig(readFileSync(join(PACKAGE_ROOT, "wrangler.toml"), "utf8"));
}

/** A Worker with the date and the flags of a deployment, a socket and the network, and nothing else. */
export function plainWorker(config: WorkerConfig, { name, script, host, port }: WorkerSource): V4WorkerOptions {
  return {
    name,
    compatibilityDate: config.compatibilityDate,
    compatibilityFlags: [...config.compatibilityFlags],
    modules: [{ type: "ESModule", path: "index.js", contents: script }],
    serviceBindings: { NET: { network: { allow: ["private", "public"] } } },
    unsafeDirectSockets: [{ host, port }],
  };
}

/** @param objectsAt  the Worker that has the Durable Objects' classes, when it is another one */
export function rouseWorker(
  config: WorkerConfig,
  source: WorkerSource,
  { secrets, domain, isSingleGateway }: RouseVariables,
  objectsAt?: string,
): V4WorkerOptions {
  const isLocal = isLoopback(source.host);
  const elsewhere = objectsAt === undefined ? {} : { scriptName: objectsAt };
  return {
    ...plainWorker(config, source),
    durableObjects: Object.fromEntries(
      config.durableObjects.map(({ binding, className }) => [binding, { className, useSQLite: true, ...elsewhere }]),
    ),
    kvNamespaces: Object.fromEntries(config.kvNamespaces.map((binding) => [binding, binding])),
    bindings: {
      ROUSE_ROOT_KEY: secrets.rootKey,
      ROUSE_ADMIN_TOKEN_HASH: hashToken(secrets.adminToken),
      CONTROL_HOST: "",
      DEFAULT_DOMAIN: domain,
      SINGLE_GATEWAY: isSingleGateway ? "1" : "",
      PATH_TOKENS: isLocal ? "1" : "",
      // Miniflare's sockets do not tell who calls; on loopback it is known.
      CLIENT_IP: isLocal ? "127.0.0.1" : "",
    },
  };
}

/**
 * What the Workers of one workerd process share. workerd is started through a script that ties its life to ours; where
 * scripts cannot run, plainly.
 * @param pidFile  where the script leaves workerd's process id
 */
export function processOptions(dataDir: string, pidFile: string): V4SharedOptions {
  if (process.platform !== "win32") process.env.MINIFLARE_WORKERD_PATH = join(PACKAGE_ROOT, "bin/workerd-guard.sh");
  return {
    // Miniflare's own entry is not used; it stays on loopback, on any port.
    host: "127.0.0.1",
    port: 0,
    resourcePersistencePath: dataDir,
    unsafeRuntimeEnv: { ROUSE_WORKERD_PID_FILE: pidFile, ROUSE_WORKERD_BINARY: workerdBinary },
    log: new Log(LogLevel.NONE),
    logRequests: false,
    cf: false, // Otherwise it asks the internet for a sample.
    telemetry: { enabled: false },
  };
}
