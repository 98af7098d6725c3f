/**
 * The edge and an agent as `rouse up` composes them, with a bare Worker beside the gateway in the same workerd process. The
 * Miniflare options are those of src/cli/up/edge.ts.
 */
import { createHmac, hkdfSync } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { ApiClient } from "../../src/cli/api/api-client.ts";
import { CliError } from "../../src/cli/cli-error.ts";
import { PACKAGE_ROOT } from "../../src/cli/package-root.ts";
import { hashToken, loadSecrets, type Secrets } from "../../src/cli/secrets.ts";
import { startAgent } from "../../src/cli/up/agents.ts";
import { bundleWorker } from "../../src/cli/up/bundle.ts";
import { freePort } from "../../src/cli/up/ports.ts";
import { parseWorkerConfig } from "../../src/cli/up/worker-config.ts";
import { agentKeyInfo, grantPayload, HKDF_SALT } from "../../src/core/protocol/grant.ts";
import type { RevisionDescription } from "../../src/core/protocol/objects.ts";

export type BareTarget = { readonly url: string; readonly grant: string | null };

export type BenchEdge = {
  readonly port: number;
  readonly barePort: number;
  readonly client: ApiClient;
  readonly workerdPid: number;
  readonly agentPid: number;
  /** What the bare Worker fetches, in turn. */
  setBareTargets(targets: readonly BareTarget[]): Promise<void>;
  /** A pod behind the agent's queue-proxy, with a grant that outlives the benchmark. */
  podTarget(podId: string): BareTarget;
  /** The state of a Revision object. Wakes it. */
  describe(revisionUid: string): Promise<RevisionDescription>;
  stop(): Promise<void>;
};

const HOST = "127.0.0.1";
const GRANT_MS = 3_600_000;
/** Like keyEpochAt of src/durable/grant-signer.ts, which is the Worker's. */
const KEY_EPOCH_MS = 30 * 24 * 3_600_000;

const workerdBinary = (createRequire(import.meta.url)("workerd") as { readonly default: string }).default;

export async function startBenchEdge(stateDir: string): Promise<BenchEdge> {
  const secrets = loadSecrets(stateDir);
  const [port, barePort, dataPort, metricsPort] = [
    ...[await freePort(HOST), await freePort(HOST), await freePort(HOST), await freePort(HOST)],
  ] as [number, number, number, number];
  const pidFile = join(stateDir, "workerd.pid");
  const miniflare = new Miniflare(await miniflareOptions(secrets, stateDir, pidFile, port, barePort));
  await miniflare.ready;

  let agentPid = 0;
  const agentDir = join(stateDir, "agent");
  const logDir = join(stateDir, "logs");
  mkdirSync(logDir, { recursive: true });
  const edgeUrl = `http://${HOST}:${port}`;
  const agent = startAgent({
    ...{ name: "bench", edgeUrl, rootKey: secrets.rootKey, stateDir: agentDir, logFile: join(logDir, "agent.log") },
    ...{ host: HOST, dataPort, metricsPort, drivers: ["process"] },
    onProcess: (pid) => {
      agentPid = pid;
    },
    onRestart: (message) => console.error(message),
  });
  const stop = async () => {
    await agent.stop();
    await miniflare.dispose();
  };
  try {
    await agent.connected;
  } catch (error) {
    await stop();
    throw error;
  }
  const agentUid = readFileSync(join(agentDir, "agent-uid"), "utf8").trim();
  const bareUrl = `http://${HOST}:${barePort}/`;
  return {
    ...{ port, barePort, agentPid, stop },
    client: new ApiClient(edgeUrl, secrets.adminToken),
    workerdPid: Number(readFileSync(pidFile, "utf8")),
    async setBareTargets(targets) {
      const { status } = await fetch(bareUrl, { method: "PUT", body: JSON.stringify(targets) });
      if (status !== 204) throw new CliError(`the bare Worker answered ${status} to its targets`);
    },
    podTarget: (podId) => ({
      url: `http://${HOST}:${dataPort}/${podId}/`,
      grant: mintGrant(secrets.rootKey, agentUid, podId),
    }),
    async describe(revisionUid) {
      return (await (await fetch(bareUrl, { method: "POST", body: revisionUid })).json()) as RevisionDescription;
    },
  };
}

async function miniflareOptions(
  { rootKey, adminToken }: Secrets,
  stateDir: string,
  pidFile: string,
  port: number,
  barePort: number,
) {
  const config = parseWorkerConfig(readFileSync(join(PACKAGE_ROOT, "wrangler.toml"), "utf8"));
  const { compatibilityDate } = config;
  const bareScript = readFileSync(new URL("../bare-worker.js", import.meta.url), "utf8");
  const network = { NET: { network: { allow: ["private", "public"] } } };
  process.env.MINIFLARE_WORKERD_PATH = join(PACKAGE_ROOT, "bin/workerd-guard.sh");
  return convertV4MiniflareOptions({
    workers: [
      {
        name: "rouse",
        compatibilityDate,
        compatibilityFlags: [...config.compatibilityFlags],
        modules: [{ type: "ESModule", path: "index.js", contents: await bundleWorker(PACKAGE_ROOT) }],
        durableObjects: Object.fromEntries(
          config.durableObjects.map(({ binding, className }) => [binding, { className, useSQLite: true }]),
        ),
        bindings: {
          ROUSE_ROOT_KEY: rootKey,
          ROUSE_ADMIN_TOKEN_HASH: hashToken(adminToken),
          CONTROL_HOST: "",
          DEFAULT_DOMAIN: "localhost",
          SINGLE_GATEWAY: "1",
          PATH_TOKENS: "1",
        },
        serviceBindings: network,
        unsafeDirectSockets: [{ host: HOST, port }],
      },
      {
        name: "bare",
        compatibilityDate,
        compatibilityFlags: [...config.compatibilityFlags],
        modules: [{ type: "ESModule", path: "bare.js", contents: bareScript }],
        durableObjects: { REVISION: { className: "Revision", scriptName: "rouse", useSQLite: true } },
        serviceBindings: network,
        unsafeDirectSockets: [{ host: HOST, port: barePort }],
      },
    ],
    ...{ host: HOST, port: 0, resourcePersistencePath: join(stateDir, "edge") },
    unsafeRuntimeEnv: { ROUSE_WORKERD_PID_FILE: pidFile, ROUSE_WORKERD_BINARY: workerdBinary },
    log: new Log(LogLevel.NONE),
    logRequests: false,
    cf: false,
    telemetry: { enabled: false },
  });
}

function mintGrant(rootKey: string, agentUid: string, podId: string): string {
  const keyEpoch = Math.floor(Date.now() / KEY_EPOCH_MS);
  const payload = grantPayload({ podId, leaseId: "bench", expiresAtMs: Date.now() + GRANT_MS, keyEpoch });
  const key = Buffer.from(hkdfSync("sha256", rootKey, HKDF_SALT, agentKeyInfo(agentUid, keyEpoch), 32));
  return `${payload}.${createHmac("sha256", key).update(payload).digest("base64url")}`;
}
