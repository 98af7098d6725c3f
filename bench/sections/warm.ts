/**
 * The warm path under load, beside a bare Worker that only fetches, in the same workerd process and in turn:
 *
 *     direct   bare Worker ▶ application                       what a Worker costs without Rouse
 *     hop      bare Worker ▶ agent's queue-proxy ▶ application   the gateway's own share is Rouse minus this
 *     Rouse    gateway     ▶ agent's queue-proxy ▶ application
 *
 * Two cores are shared by client, workerd, agent and application, so requests per second say what this machine
 * does as a whole; CPU per request is each process's own and the steadier figure.
 */
import { CliError } from "../../src/cli/cli-error.ts";
import type { Section, SectionOptions, Table } from "../section.ts";
import { greatest, least, median } from "../statistics.ts";
import { type BareTarget, type BenchEdge, startBenchEdge } from "../system/bench-edge.ts";
import { startDirect } from "../system/direct-spawn.ts";
import { cpuMs } from "../system/process-usage.ts";
import { applyService, deleteService, HELLO_COMMAND, hostOf, poll, revisionUidOf } from "../system/services.ts";
import { requireWrk, runWrk } from "../system/wrk.ts";

const CONNECTIONS = 32;
const ROUND = { full: { seconds: 4, count: 4 }, quick: { seconds: 2, count: 2 } };
const PODS_TIMEOUT_MS = 20_000;
const GOAL_RATIO = 0.9;

type Case = {
  readonly name: string;
  readonly burstCapacity: string | null;
  readonly containerConcurrency: number;
  /** Fixed, and enough for all connections at once: nothing waits for a slot. */
  readonly pods: number;
};

const CASES: readonly Case[] = [
  { name: "default burst, no limit", burstCapacity: null, containerConcurrency: 0, pods: 1 },
  { name: "default burst, limit 100", burstCapacity: null, containerConcurrency: 100, pods: 1 },
  { name: "default burst, limit 10 x 4", burstCapacity: null, containerConcurrency: 10, pods: 4 },
  { name: "burst 0, no limit", burstCapacity: "0", containerConcurrency: 0, pods: 1 },
  { name: "burst 0, limit 100", burstCapacity: "0", containerConcurrency: 100, pods: 1 },
  { name: "burst 0, limit 10 x 4", burstCapacity: "0", containerConcurrency: 10, pods: 4 },
];

type Round = {
  readonly requestsPerSec: number;
  readonly workerdUs: number;
  readonly agentUs: number;
  readonly medianMs: number;
  readonly p99Ms: number;
};
const PATHS = ["direct", "hop", "rouse"] as const;
type Measured = {
  readonly name: string;
  readonly mode: string;
  readonly rounds: Readonly<Record<(typeof PATHS)[number], readonly Round[]>>;
};

export async function measureWarm({ isQuick, stateDir, progress }: SectionOptions): Promise<Section> {
  await requireWrk();
  const { seconds, count } = isQuick ? ROUND.quick : ROUND.full;
  const edge = await startBenchEdge(stateDir);
  const direct = await startDirect(HELLO_COMMAND);
  const directTarget: BareTarget = { url: `http://127.0.0.1:${direct.port}/`, grant: null };
  try {
    const measured: Measured[] = [];
    for (const [index, each] of CASES.entries()) {
      const service = `warm-${index + 1}`;
      progress(`warm: ${each.name}`);
      const { mode, targets } = await startCase(edge, service, each);
      const rounds = { direct: [] as Round[], hop: [] as Round[], rouse: [] as Round[] };
      await measureRound(edge, "rouse", service, 1); // Warms code and connections.
      for (let round = 0; round < count; round += 1) {
        for (const path of PATHS) {
          progress(`warm: ${each.name}, round ${round + 1} of ${count}, ${path}`);
          await edge.setBareTargets(path === "direct" ? [directTarget] : targets);
          rounds[path].push(await measureRound(edge, path, service, seconds));
        }
      }
      measured.push({ name: each.name, mode, rounds });
      await deleteService(edge.client, service);
    }
    return toSection(measured, count, seconds);
  } finally {
    direct.stop();
    await edge.stop();
  }
}

async function startCase(
  edge: BenchEdge,
  service: string,
  { burstCapacity, containerConcurrency, pods }: Case,
): Promise<{ readonly mode: string; readonly targets: readonly BareTarget[] }> {
  const annotations = {
    "autoscaling.knative.dev/min-scale": String(pods),
    "autoscaling.knative.dev/max-scale": String(pods),
    ...(burstCapacity === null ? {} : { "autoscaling.knative.dev/target-burst-capacity": burstCapacity }),
  };
  await applyService(edge.client, { name: service, annotations, containerConcurrency });
  const uid = await revisionUidOf(edge.client, service);
  const wantedMode = burstCapacity === "0" ? "Serve" : "Proxy";
  return poll(`${service} has ${pods} ready pods and is in mode ${wantedMode}`, PODS_TIMEOUT_MS, async () => {
    const { mode, pods: known } = await edge.describe(uid);
    const ready = known.filter(({ state }) => state === "ready");
    if (ready.length < pods || mode !== wantedMode) return null;
    return { mode, targets: ready.map(({ podId }) => edge.podTarget(podId)) };
  });
}

async function measureRound(
  edge: BenchEdge,
  path: (typeof PATHS)[number],
  service: string,
  seconds: number,
): Promise<Round> {
  const isRouse = path === "rouse";
  const url = `http://127.0.0.1:${isRouse ? edge.port : edge.barePort}/`;
  const host = isRouse ? { host: hostOf(service) } : {};
  const before = [cpuMs(edge.workerdPid), cpuMs(edge.agentPid)] as const;
  const load = await runWrk({ url, ...host, connections: CONNECTIONS, seconds });
  if (load.requests === 0) throw new CliError(`no request of ${service} was answered`);
  const perRequestUs = (nowMs: number, beforeMs: number) => ((nowMs - beforeMs) * 1_000) / load.requests;
  return {
    requestsPerSec: load.requestsPerSec,
    workerdUs: perRequestUs(cpuMs(edge.workerdPid), before[0]),
    agentUs: perRequestUs(cpuMs(edge.agentPid), before[1]),
    medianMs: load.medianMs,
    p99Ms: load.p99Ms,
  };
}

function toSection(measured: readonly Measured[], count: number, seconds: number): Section {
  const labels = { direct: "  bare, direct", hop: "  bare, through the agent", rouse: "  Rouse" } as const;
  const rows: string[][] = [];
  const ratios: string[][] = [];
  for (const { name, mode, rounds } of measured) {
    rows.push([`${name} (${mode})`]);
    for (const path of PATHS) rows.push([labels[path], ...figures(rounds[path])]);
    const perSec = (path: (typeof PATHS)[number]) => median(rounds[path].map((round) => round.requestsPerSec));
    const cpu = (path: (typeof PATHS)[number]) => least(rounds[path].map((round) => round.workerdUs));
    ratios.push([
      `${name} (${mode})`,
      (perSec("rouse") / perSec("direct")).toFixed(2),
      (perSec("rouse") / perSec("hop")).toFixed(2),
      (cpu("direct") / cpu("rouse")).toFixed(2),
      (cpu("hop") / cpu("rouse")).toFixed(2),
      `${(cpu("rouse") - cpu("hop")).toFixed(0)} us`,
    ]);
  }
  const columns = ["req/s best", "median", "workerd us/req least", "median", "agent us/req least", "p50 ms", "p99 ms"];
  const ratioColumns = ["req/s : direct", "req/s : hop", "CPU direct : Rouse", "CPU hop : Rouse", "gateway adds"];
  return {
    title: `Warm: ${CONNECTIONS} connections, ${count} rounds of ${seconds} s each, taken in turn`,
    tables: [
      [["", ...columns], ...rows],
      [["Rouse beside bare", ...ratioColumns], ...ratios],
    ],
    notes: [
      `CPU ratios: workerd's CPU per request of the bare Worker over that of Rouse, each the least of its rounds; goal ${GOAL_RATIO} against the bare Worker through the same agent.`,
    ],
    data: measured,
  };
}

function figures(rounds: readonly Round[]): Table[number] {
  const of = (pick: (round: Round) => number) => rounds.map(pick);
  return [
    greatest(of((round) => round.requestsPerSec)).toFixed(0),
    median(of((round) => round.requestsPerSec)).toFixed(0),
    least(of((round) => round.workerdUs)).toFixed(0),
    median(of((round) => round.workerdUs)).toFixed(0),
    least(of((round) => round.agentUs)).toFixed(0),
    median(of((round) => round.medianMs)).toFixed(1),
    median(of((round) => round.p99Ms)).toFixed(1),
  ];
}
