/** The API server: operations on objects, a change on its way to a hundred watchers, and from `apply` to Ready. */
import type { ApiClient } from "../../src/cli/api/api-client.ts";
import { applyManifest } from "../../src/cli/api/apply.ts";
import type { Section, SectionOptions } from "../section.ts";
import { greatest, least, median, p90 } from "../statistics.ts";
import { cpuMs } from "../system/process-usage.ts";
import { startRouseUp } from "../system/rouse-up.ts";
import { applyService, deleteService, poll } from "../system/services.ts";
import { Watchers } from "../system/watchers.ts";

const SERVICES = { full: 1_000, quick: 100 };
const AT_ONCE = 8;
const READS = { full: 2_000, quick: 200 };
const LISTS = { full: 11, quick: 3 };
const WATCHERS = 100;
const CHANGES = { full: 51, quick: 11 };
const READY = { full: 15, quick: 3 };
const ALL_READY_TIMEOUT_MS = 180_000;
const SERVICES_PATH = "/apis/serving.knative.dev/v1/namespaces/default/services";
const CONFIG_MAPS_PATH = "/api/v1/namespaces/default/configmaps";
/** Made Ready without a pod, so that this is the control plane's work alone. */
const AT_ZERO = { "autoscaling.knative.dev/initial-scale": "0" };

type Timing = {
  readonly what: string;
  readonly perSec: number;
  readonly ms: readonly number[];
  /** User plus system time of the workerd process per operation, what follows from it included. */
  readonly cpuMs: number;
};

export async function measureApi({ isQuick, stateDir, progress }: SectionOptions): Promise<Section> {
  const count = (numbers: { readonly full: number; readonly quick: number }) =>
    isQuick ? numbers.quick : numbers.full;
  const services = count(SERVICES);
  const rouse = await startRouseUp(stateDir);
  const { client } = rouse;
  try {
    await allowInitialZero(client);
    const ready = await measureReady(client, count(READY), progress);

    progress(`api: ${services} services`);
    const names = Array.from({ length: services }, (_, index) => `at-zero-${index}`);
    const timings: Timing[] = [];
    const measure = async (
      what: string,
      rounds: number,
      atOnce: number,
      step: (index: number) => Promise<unknown>,
      settle: () => Promise<unknown> = async () => undefined,
    ) => {
      progress(`api: ${what}`);
      const beforeMs = cpuMs(rouse.processes.workerd);
      const timing = await timed(rounds, atOnce, step);
      await settle();
      timings.push({ what, ...timing, cpuMs: (cpuMs(rouse.processes.workerd) - beforeMs) / rounds });
    };
    await measure("GET /healthz (no object)", count(READS), AT_ONCE, () => client.expect("ask", "GET", "/healthz"));
    const startedAtMs = performance.now();
    let allReadyMs = 0;
    const create = (index: number) => client.expect("create", "POST", SERVICES_PATH, serviceOf(names[index] ?? ""));
    await measure("create a Service", services, AT_ONCE, create, async () => {
      allReadyMs = await waitForAll(client, services, startedAtMs);
    });
    await measure("get a Service", count(READS), AT_ONCE, (index) => {
      return client.expect("get", "GET", `${SERVICES_PATH}/${names[index % services]}`);
    });
    await measure(`list ${services} Services`, count(LISTS), 1, () => client.expect("list", "GET", SERVICES_PATH));
    await measure("update a Service", services, AT_ONCE, (index) => {
      return client.expect("update", "PATCH", `${SERVICES_PATH}/${names[index]}`, { metadata: { labels: { n: "1" } } });
    });
    const watched = await measureWatch(client, count(CHANGES), progress);
    return toSection({ timings, allReadyMs, services, watched, ready });
  } finally {
    await rouse.stop();
  }
}

/** @param atOnce requests that are under way together */
async function timed(
  rounds: number,
  atOnce: number,
  step: (index: number) => Promise<unknown>,
): Promise<Pick<Timing, "perSec" | "ms">> {
  const ms: number[] = [];
  let next = 0;
  const startedAtMs = performance.now();
  const work = async () => {
    for (let index = next++; index < rounds; index = next++) {
      const beganAtMs = performance.now();
      await step(index);
      ms.push(performance.now() - beganAtMs);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return { perSec: (1_000 * rounds) / (performance.now() - startedAtMs), ms };
}

/** From the request to the moment when the last watcher has the event, one change after the other. */
async function measureWatch(client: ApiClient, changes: number, progress: (text: string) => void): Promise<number[]> {
  progress(`api: ${WATCHERS} watchers`);
  const path = `${CONFIG_MAPS_PATH}/watched`;
  const made = (await client.expect("create", "POST", CONFIG_MAPS_PATH, {
    metadata: { name: "watched" },
    data: { n: "0" },
  })) as Versioned;
  const watchers = await Watchers.open(client, CONFIG_MAPS_PATH, made.metadata.resourceVersion, WATCHERS);
  try {
    const ms: number[] = [];
    for (let n = 1; n <= changes; n++) {
      const beganAtMs = performance.now();
      const changed = (await client.expect("change", "PATCH", path, { data: { n: String(n) } })) as Versioned;
      ms.push((await watchers.allHeard(changed.metadata.resourceVersion)) - beganAtMs);
    }
    return ms;
  } finally {
    watchers.close();
  }
}

/** A service that runs: applied, its pod started and probed, its route with the gateway, heard of by a watch. */
async function measureReady(client: ApiClient, rounds: number, progress: (text: string) => void): Promise<number[]> {
  const ms: number[] = [];
  for (let round = 0; round < rounds; round++) {
    progress(`api: apply to Ready ${round + 1}/${rounds}`);
    const name = `ready-${round}`;
    const beganAtMs = performance.now();
    await applyService(client, { name });
    ms.push(performance.now() - beganAtMs);
    await deleteService(client, name);
  }
  return ms;
}

async function waitForAll(client: ApiClient, services: number, sinceMs: number): Promise<number> {
  await poll(`${services} services are Ready`, ALL_READY_TIMEOUT_MS, async () => {
    const { items } = (await client.expect("list", "GET", SERVICES_PATH)) as { items: readonly ReadyView[] };
    return items.filter(isAtZeroAndReady).length >= services ? true : null;
  });
  return performance.now() - sinceMs;
}

async function allowInitialZero(client: ApiClient): Promise<void> {
  await applyManifest(client, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "config-autoscaler", namespace: "knative-serving" },
    data: { "allow-zero-initial-scale": "true" },
  });
}

function serviceOf(name: string) {
  const containers = [{ image: "rouse.dev/bench", command: ["node"] }];
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: { name },
    spec: { template: { metadata: { annotations: AT_ZERO }, spec: { containers } } },
  };
}

type Versioned = { readonly metadata: { readonly resourceVersion: string } };
type ReadyView = {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
};

function isAtZeroAndReady({ metadata, status }: ReadyView): boolean {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  return metadata.name.startsWith("at-zero-") && ready?.status === "True";
}

type Numbers = {
  readonly timings: readonly Timing[];
  readonly allReadyMs: number;
  readonly services: number;
  readonly watched: readonly number[];
  readonly ready: readonly number[];
};

function toSection({ timings, allReadyMs, services, watched, ready }: Numbers): Section {
  const spread = (ms: readonly number[]) => [median, p90, least, greatest].map((of) => of(ms).toFixed(1));
  const perSec = (1_000 * services) / allReadyMs;
  return {
    title: `API: objects, watches and Ready, with ${services} Services`,
    tables: [
      [
        [`${AT_ONCE} requests at once`, "per second", "median ms", "p90", "least", "greatest", "workerd CPU ms"],
        ...timings.map(({ what, perSec: rate, ms, cpuMs: cpu }) => {
          return [what, rate.toFixed(0), ...spread(ms), cpu.toFixed(2)];
        }),
      ],
      [
        ["one after the other", "median ms", "p90", "least", "greatest"],
        [`a change to the last of ${WATCHERS} watchers`, ...spread(watched)],
        ["apply to Ready, with a pod", ...spread(ready)],
      ],
    ],
    notes: [
      `From the first create until all ${services} Services were Ready (at zero, without a pod): ` +
        `${(allReadyMs / 1_000).toFixed(1)} s, ${perSec.toFixed(0)} per second.`,
      `${WATCHERS} watchers and one change: ${((1_000 * WATCHERS) / median(watched)).toFixed(0)} events per second.`,
      "Lists are asked for one at a time. CPU is per operation; that of creating has all in it that makes the Service Ready.",
    ],
    data: {
      operations: Object.fromEntries(
        timings.map(({ what, perSec: rate, ms, cpuMs: cpu }) => [what, { perSec: rate, ms: median(ms), cpuMs: cpu }]),
      ),
      allReadyMs,
      watchedMs: median(watched),
      applyToReadyMs: median(ready),
    },
  };
}
