/** The Worker with its Routes objects, and the Worker that looks hosts up beside it, in one workerd process. No agent, no KV. */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { PACKAGE_ROOT } from "../../src/cli/package-root.ts";
import { loadSecrets } from "../../src/cli/secrets.ts";
import { bundleWorker } from "../../src/cli/up/bundle.ts";
import {
  plainWorker,
  processOptions,
  ROUSE_WORKER,
  readWorkerConfig,
  rouseWorker,
} from "../../src/cli/up/edge-worker.ts";
import { freePort } from "../../src/cli/up/ports.ts";

export type RoutesEdge = {
  readonly workerdPid: number;
  /** Asks the Worker bench/route-lookups.js. @returns how long it took */
  timeMs(path: string, parameters: Readonly<Record<string, number>>): Promise<number>;
  stop(): Promise<void>;
};

const HOST = "127.0.0.1";

/** @param stateDir  what an earlier one left there is found again */
export async function startRoutesEdge(stateDir: string): Promise<RoutesEdge> {
  mkdirSync(stateDir, { recursive: true });
  const pidFile = join(stateDir, "workerd.pid");
  const config = readWorkerConfig();
  const [port, lookupsPort] = [await freePort(HOST), await freePort(HOST)];
  const rouse = { name: ROUSE_WORKER, script: await bundleWorker(PACKAGE_ROOT), host: HOST, port };
  const script = await bundleWorker(PACKAGE_ROOT, "bench/route-lookups.js");
  const lookups = plainWorker(config, { name: "lookups", script, host: HOST, port: lookupsPort });
  const variables = { secrets: loadSecrets(stateDir), domain: "localhost", isSingleGateway: false };
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      ...processOptions(join(stateDir, "edge"), pidFile),
      workers: [
        // 100,000 copies in KV would be 100,000 files, written while lookups are measured.
        { ...rouseWorker(config, rouse, variables), kvNamespaces: {} },
        { ...lookups, durableObjects: { ROUTES: { className: "Routes", scriptName: ROUSE_WORKER, useSQLite: true } } },
      ],
    }),
  );
  await miniflare.ready;
  return {
    workerdPid: Number(readFileSync(pidFile, "utf8")),
    async timeMs(path, parameters) {
      const query = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
      const start = performance.now();
      const { status } = await fetch(`http://${HOST}:${lookupsPort}${path}?${query.join("&")}`);
      if (status !== 204) throw new Error(`${path} answered ${status}`);
      return performance.now() - start;
    },
    stop: () => miniflare.dispose(),
  };
}
