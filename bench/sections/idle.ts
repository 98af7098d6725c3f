/** CPU while every service is at zero: what it costs to have services that nobody calls. */
import { setTimeout as delay } from "node:timers/promises";
import type { Section, SectionOptions } from "../section.ts";
import { startBenchEdge } from "../system/bench-edge.ts";
import { cpuMs } from "../system/process-usage.ts";
import { startRouseUp } from "../system/rouse-up.ts";
import { applyService, poll, revisionUidOf, shortenGracePeriod, waitForZero } from "../system/services.ts";

const SERVICES = ["idle-1", "idle-2", "idle-3"];
const WATCH_MS = { full: 60_000, quick: 15_000 };
/** Objects are evicted and caches run out. */
const SETTLE_MS = { full: 30_000, quick: 15_000 };
const GOAL_PERCENT = 0.1;
const TIMER_TIMEOUT_MS = 30_000;
const ANNOTATIONS = { "autoscaling.knative.dev/window": "6s" };

export async function measureIdle({ isQuick, stateDir, progress }: SectionOptions): Promise<Section> {
  const watchMs = isQuick ? WATCH_MS.quick : WATCH_MS.full;
  const rouse = await startRouseUp(stateDir);
  const roles = Object.entries(rouse.processes);
  let usedMs: number[];
  try {
    progress("idle: services go to zero");
    await shortenGracePeriod(rouse.client);
    await Promise.all(SERVICES.map((name) => applyService(rouse.client, { name, annotations: ANNOTATIONS })));
    await waitForZero(rouse.client, SERVICES);
    await delay(isQuick ? SETTLE_MS.quick : SETTLE_MS.full);
    progress(`idle: watching for ${watchMs / 1_000} s`);
    const before = roles.map(([, pid]) => cpuMs(pid));
    await delay(watchMs);
    usedMs = roles.map(([, pid], index) => cpuMs(pid) - (before[index] ?? 0));
  } finally {
    await rouse.stop();
  }
  const timerGoneMs = await measureTimer(`${stateDir}-timer`, progress);
  const totalMs = usedMs.reduce((sum, ms) => sum + ms, 0);
  const percent = (ms: number) => `${((100 * ms) / watchMs).toFixed(3)} %`;
  const verdict = (100 * totalMs) / watchMs < GOAL_PERCENT ? "met" : "missed";
  return {
    title: `At zero: CPU over ${watchMs / 1_000} s with ${SERVICES.length} services asleep`,
    tables: [
      [
        ["", "CPU ms", "of a core"],
        ...roles.map(([role], index) => [role, String(usedMs[index]), percent(usedMs[index] ?? 0)]),
        ["all", String(totalMs), percent(totalMs)],
      ],
    ],
    notes: [
      `Goal: < ${GOAL_PERCENT} % of a core: ${verdict}. The clock counts in steps of 10 ms, ${percent(10)}.`,
      `The Revision object of a service at zero had no timer ${(timerGoneMs / 1_000).toFixed(1)} s after its pod was gone.`,
    ],
    data: {
      watchMs,
      usedMs: Object.fromEntries(roles.map(([role], index) => [role, usedMs[index]])),
      timerGoneMs,
    },
  };
}

/** An object can hibernate only without a timer. `describe` would wake it, so it is asked in another run than the one above. */
async function measureTimer(stateDir: string, progress: (text: string) => void): Promise<number> {
  progress("idle: does the Revision object still have a timer?");
  const edge = await startBenchEdge(stateDir);
  try {
    await shortenGracePeriod(edge.client);
    const name = SERVICES[0] ?? "";
    await applyService(edge.client, { name, annotations: ANNOTATIONS });
    const uid = await revisionUidOf(edge.client, name);
    await waitForZero(edge.client, [name]);
    const zeroAtMs = performance.now();
    await poll(`the Revision object of ${name} has no timer`, TIMER_TIMEOUT_MS, async () => {
      const { hasTimer, pods } = await edge.describe(uid);
      return hasTimer || pods.length > 0 ? null : true;
    });
    return performance.now() - zeroAtMs;
  } finally {
    await edge.stop();
  }
}
