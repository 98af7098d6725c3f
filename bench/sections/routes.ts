/** What it costs to find a host's route, with few and with many hosts. */
import { join } from "node:path";
import type { Section, SectionOptions } from "../section.ts";
import { median } from "../statistics.ts";
import { residentBytes } from "../system/process-usage.ts";
import { startRoutesEdge } from "../system/routes-edge.ts";

const HOSTS = [10, 10_000, 100_000];
/** Hosts that the isolate serves; the others are in the table only. */
const SERVED = 1_000;
const ROUNDS = { full: 9, quick: 3 };
const COLD_LOOKUPS = 1_000;
const WARM_LOOKUPS = 500_000;
/** Names that fall on different shards, mostly. */
const FIRST_LOOKUPS = 8;
const FILL_AT_ONCE = 10_000;

type Row = {
  readonly hosts: number;
  /** null = too few to say. */
  readonly fillUsPerHost: number | null;
  readonly emptyUs: number;
  readonly coldUs: number;
  readonly warmNs: number;
  readonly firstMs: number;
  readonly workerdMiB: number;
};

export async function measureRoutes({ isQuick, stateDir, progress }: SectionOptions): Promise<Section> {
  const rows: Row[] = [];
  for (const hosts of HOSTS) {
    progress(`routes: ${hosts} hosts`);
    rows.push(await measure(hosts, isQuick ? ROUNDS.quick : ROUNDS.full, join(stateDir, String(hosts))));
  }
  return {
    title: "Routes: looking a host up",
    tables: [
      [
        ["hosts", "warm ns", "cold us", "empty object us", "first ms", "delivery us per host", "workerd MiB"],
        ...rows.map((row) => [
          row.hosts.toLocaleString("en"),
          row.warmNs.toFixed(0),
          row.coldUs.toFixed(0),
          row.emptyUs.toFixed(0),
          row.firstMs.toFixed(1),
          row.fillUsPerHost?.toFixed(0) ?? "-",
          row.workerdMiB.toFixed(0),
        ]),
      ],
    ],
    notes: [
      `warm: in the isolate's memory, ${SERVED} hosts of them served; cold: a call to the host's Routes object, one after the other;`,
      "empty object: the same call to an object without entries; first: a call that has to start its object, after a restart.",
    ],
    data: rows,
  };
}

async function measure(hosts: number, rounds: number, stateDir: string): Promise<Row> {
  const filled = await measureFilling(hosts, stateDir);
  // A new process has neither the objects in memory nor what filling them left there.
  const edge = await startRoutesEdge(stateDir);
  try {
    await edge.timeMs("/empty", { hosts, lookups: 1 });
    const first: number[] = [];
    for (let n = 0; n < Math.min(hosts, FIRST_LOOKUPS); n += 1) first.push(await edge.timeMs("/first", { from: n }));
    const served = Math.min(hosts, SERVED);
    const times = { empty: [] as number[], cold: [] as number[], warm: [] as number[] };
    for (let round = 0; round < rounds; round += 1) {
      times.empty.push(await edge.timeMs("/empty", { hosts, lookups: COLD_LOOKUPS }));
      times.cold.push(await edge.timeMs("/cold", { hosts, lookups: COLD_LOOKUPS }));
      await edge.timeMs("/serve", { hosts: served });
      times.warm.push(await edge.timeMs("/warm", { hosts: served, lookups: WARM_LOOKUPS }));
    }
    return {
      hosts,
      fillUsPerHost: filled,
      emptyUs: (1_000 * median(times.empty)) / COLD_LOOKUPS,
      coldUs: (1_000 * median(times.cold)) / COLD_LOOKUPS,
      warmNs: (1_000_000 * median(times.warm)) / WARM_LOOKUPS,
      firstMs: median(first),
      workerdMiB: residentBytes(edge.workerdPid) / 2 ** 20,
    };
  } finally {
    await edge.stop();
  }
}

async function measureFilling(hosts: number, stateDir: string): Promise<number | null> {
  const edge = await startRoutesEdge(stateDir);
  try {
    let fillMs = 0;
    for (let from = 0; from < hosts; from += FILL_AT_ONCE) {
      fillMs += await edge.timeMs("/fill", { from, hosts: Math.min(hosts, from + FILL_AT_ONCE) });
    }
    return hosts < FILL_AT_ONCE ? null : (1_000 * fillMs) / hosts;
  } finally {
    await edge.stop();
  }
}
