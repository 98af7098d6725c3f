/** Resident memory of each process, and what a held request adds: a thousand of them wait for a service that starts slowly. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CliError } from "../../src/cli/cli-error.ts";
import { COLD_START_HEADER } from "../../src/core/protocol/headers.ts";
import type { Section, SectionOptions } from "../section.ts";
import { getOnce } from "../system/http-exchange.ts";
import { residentBytes } from "../system/process-usage.ts";
import { type RouseUp, startRouseUp } from "../system/rouse-up.ts";
import { applyService, hostOf, shortenGracePeriod, waitForZero } from "../system/services.ts";
import { requireWrk, runWrk } from "../system/wrk.ts";

const HELD = { full: 1_000, quick: 200 };
/** Requests have arrived and buffers are as large as they get. */
const SETTLE_MS = 3_000;
const LOAD_SEC = { full: 8, quick: 3 };
const CONNECTIONS = 32;
const ANSWER_TIMEOUT_MS = 60_000;
const MIB = 2 ** 20;

type Snapshot = { readonly moment: string; readonly bytes: Readonly<Record<string, number>> };

export async function measureMemory({ isQuick, stateDir, progress }: SectionOptions): Promise<Section> {
  await requireWrk();
  const held = isQuick ? HELD.quick : HELD.full;
  const rouse = await startRouseUp(stateDir);
  const gate = join(stateDir, "gate");
  const snapshots: Snapshot[] = [];
  const snap = (moment: string) => snapshots.push(snapshot(rouse, moment));
  try {
    progress("memory: at the start");
    await delay(SETTLE_MS);
    snap("started, no service");

    mkdirSync(stateDir, { recursive: true });
    writeFileSync(gate, "");
    await shortenGracePeriod(rouse.client);
    const annotations = { "autoscaling.knative.dev/window": "6s", "autoscaling.knative.dev/max-scale": "1" };
    await applyService(rouse.client, { name: "loaded", annotations });
    await applyService(rouse.client, {
      name: "gated",
      annotations,
      command: ["node", "bench/apps/gated.mjs"],
      env: { GATE: gate },
    });
    progress("memory: under load");
    const url = `http://127.0.0.1:${rouse.port}/`;
    const seconds = isQuick ? LOAD_SEC.quick : LOAD_SEC.full;
    const { requests } = await runWrk({ url, host: hostOf("loaded"), connections: CONNECTIONS, seconds });
    snap(`after ${requests} requests`);

    progress("memory: waiting for zero");
    await waitForZero(rouse.client, ["loaded", "gated"]);
    rmSync(gate);
    snap("at zero again");
    progress(`memory: holding ${held} requests`);
    const answers = Array.from({ length: held }, () => getOnce(rouse.port, hostOf("gated"), ANSWER_TIMEOUT_MS));
    const all = Promise.all(answers);
    all.catch(() => undefined); // Told below.
    await delay(SETTLE_MS);
    snap(`${held} requests held`);
    writeFileSync(gate, "");
    for (const { status, headers } of await all) {
      const heldMs = Number(headers.get(COLD_START_HEADER));
      if (status !== 200 || !(heldMs > 0))
        throw new CliError(`a held request was answered ${status}, held ${heldMs} ms`);
    }
    await delay(SETTLE_MS);
    snap("all of them answered");
    return toSection(snapshots, held);
  } finally {
    await rouse.stop();
  }
}

function snapshot({ processes }: RouseUp, moment: string): Snapshot {
  const bytes = Object.fromEntries(Object.entries(processes).map(([role, pid]) => [role, residentBytes(pid)]));
  return { moment, bytes };
}

function toSection(snapshots: readonly Snapshot[], held: number): Section {
  const roles = Object.keys(snapshots[0]?.bytes ?? {});
  const mebibytes = (bytes: number) => (bytes / MIB).toFixed(1);
  const total = ({ bytes }: Snapshot) => Object.values(bytes).reduce((sum, each) => sum + each, 0);
  const [before, during] = [snapshots.at(-3), snapshots.at(-2)];
  const growth = (role: string) => ((during?.bytes[role] ?? 0) - (before?.bytes[role] ?? 0)) / held;
  return {
    title: "Memory: resident MiB of each process",
    tables: [
      [
        ["", ...roles, "all"],
        ...snapshots.map((each) => [
          each.moment,
          ...roles.map((role) => mebibytes(each.bytes[role] ?? 0)),
          mebibytes(total(each)),
        ]),
      ],
    ],
    notes: [
      `A held request costs ${(growth("workerd") / 1_024).toFixed(1)} KiB in workerd (socket, Worker context, RPC, its place in the queue) ` +
        `and ${(growth("agent") / 1_024).toFixed(1)} KiB in the agent.`,
    ],
    data: { snapshots, held, heldBytes: { workerd: growth("workerd"), agent: growth("agent") } },
  };
}
