/** The edge and an agent as `rouse up` composes them, with a bare Worker beside the gateway in the same workerd process. */
import { createHmac, hkdfSync } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { V4WorkerOptions } from "miniflare";
import { ApiClient } from "../../src/cli/api/api-client.ts";
import { CliError } from "../../src/cli/cli-error.ts";
import { loadSecrets } from "../../src/cli/secrets.ts";
import { startAgent } from "../../src/cli/up/agents.ts";
import { startEdge } from "../../src/cli/up/edge.ts";
import { plainWorker, ROUSE_WORKER, readWorkerConfig } from "../../src/cli/up/edge-worker.ts";
import { freePort } from "../../src/cli/up/ports.ts";
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

export async function startBenchEdge(stateDir: string): Promise<BenchEdge> {
  const secrets = loadSecrets(stateDir);
  const [port, barePort, dataPort, metricsPort] = [
    ...[await freePort(HOST), await freePort(HOST), await freePort(HOST), await freePort(HOST)],
  ] as [number, number, number, number];
  const logDir = join(stateDir, "logs");
  mkdirSync(logDir, { recursive: true });
  let workerdPid = 0;
  const edge = await startEdge({
    ...{ host: HOST, port, secrets, domain: "localhost", dataDir: join(stateDir, "edge") },
    logFile: join(logDir, "edge.log"),
    extraWorkers: [bareWorker(barePort)],
    onProcess: (pid) => {
      workerdPid = pid;
    },
  });

  let agentPid = 0;
  const agentDir = join(stateDir, "agent");
  const agent = startAgent({
    ...{
      name: "bench",
      edgeUrl: edge.url,
      rootKey: secrets.rootKey,
      stateDir: agentDir,
      logFile: join(logDir, "agent.log"),
    },
    ...{ host: HOST, dataPort, metricsPort, drivers: ["process"] },
    onProcess: (pid) => {
      agentPid = pid;
    },
    onRestart: (message) => console.error(message),
  });
  const stop = async () => {
    await agent.stop();
    await edge.stop();
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
    client: new ApiClient(edge.url, secrets.adminToken),
    workerdPid,
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

/** The bare Worker, which also hands out what a Revision object says of itself. */
function bareWorker(port: number): V4WorkerOptions {
  const script = readFileSync(new URL("../bare-worker.js", import.meta.url), "utf8");
  return {
    ...plainWorker(readWorkerConfig(), { name: "bare", script, host: HOST, port }),
    durableObjects: { REVISION: { className: "Revision", scriptName: ROUSE_WORKER, useSQLite: true } },
  };
}

function mintGrant(rootKey: string, agentUid: string, podId: string): string {
  const keyEpoch = Math.floor(Date.now() / KEY_EPOCH_MS);
  const payload = grantPayload({ podId, leaseId: "bench", expiresAtMs: Date.now() + GRANT_MS, keyEpoch });
  const key = Buffer.from(hkdfSync("sha256", rootKey, HKDF_SALT, agentKeyInfo(agentUid, keyEpoch), 32));
  return `${payload}.${createHmac("sha256", key).update(payload).digest("base64url")}`;
}
