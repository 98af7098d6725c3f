/**
 * Cold starts: the first byte of a service at zero through Rouse, beside spawning the same command and asking it directly, in
 * turn. Several services rotate; before each batch all of them are at zero and their objects have slept long enough
 * to be evicted from memory, so a pair includes waking them.
 */
import { setTimeout as delay } from "node:timers/promises";
import { CliError } from "../../src/cli/cli-error.ts";
import { COLD_START_HEADER } from "../../src/core/protocol/headers.ts";
import type { Section, SectionOptions, Table } from "../section.ts";
import { greatest, least, median, p90 } from "../statistics.ts";
import { firstByteOfDirectSpawn } from "../system/direct-spawn.ts";
import { getOnce } from "../system/http-exchange.ts";
import { type RouseUp, startRouseUp } from "../system/rouse-up.ts";
import { applyService, HELLO_COMMAND, hostOf, shortenGracePeriod, waitForZero } from "../system/services.ts";

const SERVICES = 10;
const PAIRS = { full: 30, quick: 10 };
const GOAL_ADDED_MS = 10;
/** An object without timers and requests hibernates after 10 s. */
const HIBERNATION_MS = 11_000;
const BETWEEN_MEASUREMENTS_MS = 100;
const ANSWER_TIMEOUT_MS = 30_000;

type ColdStart = { readonly totalMs: number; readonly phases: ReadonlyMap<string, number> };
type Pair = { readonly rouse: ColdStart; readonly directMs: number };

export async function measureCold({ isQuick, stateDir, progress }: SectionOptions): Promise<Section> {
  const count = isQuick ? PAIRS.quick : PAIRS.full;
  const services = Array.from({ length: SERVICES }, (_, index) => `cold-${index + 1}`);
  const rouse = await startRouseUp(stateDir);
  try {
    progress("cold: creating services");
    await shortenGracePeriod(rouse.client);
    const annotations = { "autoscaling.knative.dev/window": "6s" };
    await Promise.all(services.map((name) => applyService(rouse.client, { name, annotations })));
    await firstByteOfDirectSpawn(HELLO_COMMAND); // Warms the page cache and this process.
    const pairs: Pair[] = [];
    while (pairs.length < count) {
      progress(`cold: ${pairs.length} of ${count} pairs, waiting for zero`);
      await waitForZero(rouse.client, services);
      await delay(HIBERNATION_MS);
      for (const name of services.slice(0, count - pairs.length)) {
        progress(`cold: ${pairs.length} of ${count} pairs`);
        pairs.push(await measurePair(rouse, name, pairs.length % 2 === 0));
      }
    }
    return toSection(pairs);
  } finally {
    await rouse.stop();
  }
}

async function measurePair(rouse: RouseUp, service: string, isRouseFirst: boolean): Promise<Pair> {
  const before = isRouseFirst ? await coldStart(rouse.port, service) : null;
  await delay(BETWEEN_MEASUREMENTS_MS);
  const directMs = await firstByteOfDirectSpawn(HELLO_COMMAND);
  await delay(BETWEEN_MEASUREMENTS_MS);
  return { directMs, rouse: before ?? (await coldStart(rouse.port, service)) };
}

async function coldStart(port: number, service: string): Promise<ColdStart> {
  const startedAtMs = performance.now();
  const answer = await getOnce(port, hostOf(service), ANSWER_TIMEOUT_MS);
  if (answer.status !== 200) throw new CliError(`${service} answered ${answer.status} to a cold start`);
  if (!answer.headers.has(COLD_START_HEADER)) throw new CliError(`${service} was not at zero when it was measured`);
  return {
    totalMs: answer.firstByteAtMs - startedAtMs,
    phases: parsePhases(answer.headers.get("server-timing") ?? ""),
  };
}

/** `route;dur=2, ttfb;desc="first byte";dur=3` */
function parsePhases(header: string): ReadonlyMap<string, number> {
  return new Map(
    header.split(", ").map((phase) => {
      const [name = "", ...parameters] = phase.split(";");
      const duration = parameters.find((parameter) => parameter.startsWith("dur="));
      return [name, Number(duration?.slice("dur=".length))] as const;
    }),
  );
}

function toSection(pairs: readonly Pair[]): Section {
  const rouseMs = pairs.map(({ rouse }) => rouse.totalMs);
  const directMs = pairs.map((pair) => pair.directMs);
  const addedMs = pairs.map(({ rouse, directMs: direct }) => rouse.totalMs - direct);
  const phase = (name: string) => pairs.map(({ rouse }) => rouse.phases.get(name) ?? Number.NaN);
  const [route, hold, start, ready, ttfb] = ["route", "hold", "start", "ready", "ttfb"].map(phase) as [
    ...[number[], number[], number[], number[], number[]],
  ];
  const rest = (index: number, whole: readonly number[], ...parts: readonly (readonly number[])[]) =>
    parts.reduce((left, part) => left - (part[index] ?? 0), whole[index] ?? 0);
  const orders = pairs.map((_, index) => rest(index, hold, start, ready));
  const edge = pairs.map((_, index) => rest(index, rouseMs, route, hold, ttfb));
  const verdict = median(addedMs) <= GOAL_ADDED_MS ? "met" : "missed";
  return {
    title: `Cold start: ${pairs.length} pairs, milliseconds to the first byte`,
    tables: [
      [
        header,
        row("through Rouse", rouseMs),
        row("spawned directly", directMs),
        row("added by Rouse (per pair)", addedMs),
      ],
      [
        header,
        row("route: host to revision", route),
        row("hold: in the Revision object", hold),
        row("  start: agent's order to process", start),
        row("  ready: process to passed probe", ready),
        row("  rest: orders, reports, grant", orders),
        row("ttfb: first byte from the pod", ttfb),
        row("rest: client, sockets, Worker", edge),
      ],
    ],
    notes: [`Goal: median added <= ${GOAL_ADDED_MS} ms: ${verdict}.`],
    data: { rouseMs, directMs, addedMs, phasesMs: { route, hold, start, ready, orders, ttfb, edge } },
  };
}

const header = ["", "median", "p90", "least", "greatest"];

function row(name: string, values: readonly number[]): Table[number] {
  return [name, ...[median(values), p90(values), least(values), greatest(values)].map((value) => value.toFixed(1))];
}
