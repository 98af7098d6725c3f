/**
 * Two workerd processes over the same objects, as Cloudflare has many isolates: the first hosts the Durable Objects and is a
 * gateway, the second is a gateway only and reaches them through Miniflare's registry. Neither knows of the other, so nothing
 * clears their memory but time. KV is shared. An agent runs the pods.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare, type V4WorkerOptions } from "miniflare";
import { ApiClient } from "../../../src/cli/api/api-client.ts";
import { PACKAGE_ROOT } from "../../../src/cli/package-root.ts";
import { loadSecrets } from "../../../src/cli/secrets.ts";
import { startAgent } from "../../../src/cli/up/agents.ts";
import { bundleWorker } from "../../../src/cli/up/bundle.ts";
import { processOptions, ROUSE_WORKER, readWorkerConfig, rouseWorker } from "../../../src/cli/up/edge-worker.ts";
import { openLog } from "../../../src/cli/up/log-file.ts";
import { freePort } from "../../../src/cli/up/ports.ts";
import { requestOnce } from "./http.ts";

export type TwoGateways = {
  /** Of the process with the objects, and of the other one. */
  readonly ports: readonly [number, number];
  readonly client: ApiClient;
  /** From now on calls to objects of the class fail, never answer, or work again. */
  setFault(className: "ControlPlane" | "Routes", fault: "throws" | "hangs" | "none"): Promise<void>;
  /** The process with the objects. After a SIGKILL Miniflare starts another on the same port. */
  objectsPid(): number;
  stop(): Promise<void>;
};

const HOST = "127.0.0.1";

export async function startTwoGateways(): Promise<TwoGateways> {
  const stateDir = mkdtempSync(join(tmpdir(), "rouse-two-"));
  const [first, second, dataPort, metricsPort] = [
    ...[await freePort(HOST), await freePort(HOST), await freePort(HOST), await freePort(HOST)],
  ] as [number, number, number, number];
  const secrets = loadSecrets(stateDir);
  const config = readWorkerConfig();
  const variables = { secrets, domain: "localhost", isSingleGateway: false };
  const faulty = await bundleWorker(PACKAGE_ROOT, "test/e2e/fixtures/faulty-edge.js");
  const plain = await bundleWorker(PACKAGE_ROOT);
  const started: { stop(): Promise<void> }[] = [];
  const stop = async () => {
    for (const each of started.reverse()) await each.stop();
    rmSync(stateDir, { recursive: true, force: true });
  };
  try {
    const objects = { name: ROUSE_WORKER, script: faulty, host: HOST, port: first };
    started.push(await startProcess(stateDir, "first", rouseWorker(config, objects, variables)));
    const other = { name: "gateway", script: plain, host: HOST, port: second };
    started.push(await startProcess(stateDir, "second", rouseWorker(config, other, variables, ROUSE_WORKER)));
    const agent = startAgent({
      ...{ name: "agent", edgeUrl: `http://${HOST}:${first}`, rootKey: secrets.rootKey, host: HOST },
      ...{ stateDir: join(stateDir, "agent"), logFile: join(stateDir, "agent.log"), dataPort, metricsPort },
      drivers: ["process"],
      onProcess: () => undefined,
      onRestart: (message) => console.error(message),
    });
    started.push(agent);
    await agent.connected;
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ports: [first, second],
    client: new ApiClient(`http://${HOST}:${first}`, secrets.adminToken),
    async setFault(className, fault) {
      const answer = await requestOnce(first, "faults.test", `/${className}`, { method: "PUT", body: fault });
      if (answer.status !== 204) throw new Error(`the switch answered ${answer.status}: ${answer.body}`);
    },
    objectsPid: () => Number(readFileSync(pidFileOf(stateDir, "first"), "utf8")),
    stop,
  };
}

async function startProcess(
  stateDir: string,
  name: string,
  worker: V4WorkerOptions,
): Promise<{ stop(): Promise<void> }> {
  const ownDir = join(stateDir, name);
  mkdirSync(ownDir);
  const log = openLog(join(ownDir, "workerd.log"));
  const miniflare = new Miniflare({
    ...convertV4MiniflareOptions({
      ...processOptions(join(stateDir, "shared"), pidFileOf(stateDir, name)),
      isolatedResourcePersistencePath: ownDir,
      unsafeDevRegistryPath: join(stateDir, "registry"),
      handleStructuredLogs: ({ level, message }) => log.write(`${level} ${message}\n`),
      workers: [worker],
    }),
    unsafeEnableSharedStorage: true,
  });
  await miniflare.ready;
  return {
    async stop() {
      await miniflare.dispose();
      log.end();
    },
  };
}

function pidFileOf(stateDir: string, name: string): string {
  return join(stateDir, name, "workerd.pid");
}
