/**
 * Which revisions of a Configuration nobody needs any more.
 *
 *     active       latest ready or latest created, annotated no-gc, named by a Route, or in another state than reserve
 *     stale        made and last used longer ago than config-gc retains
 *     non-active   oldest use first: stale ones go while more than the minimum stays,
 *                  then whatever is above the maximum
 *
 * Nothing wakes it but a change of a revision, of config-gc, and the moment at which a revision that could go gets stale.
 * Source: serving/pkg/reconciler/gc/gc.go. Vectors: gc.
 */
import type { GcConfig } from "../config/gc-config.ts";
import { keyOf, type ObjectKey } from "../resource/object.ts";
import type { Configuration } from "../resource/serving.ts";
import type { Observed, Settings, Write } from "./observed.ts";
import type { Reserve } from "./revision-row.ts";

/** The writes that delete what a Configuration keeps no longer, and the time to look again. */
export function collectRevisions(configuration: Configuration, observed: Observed, settings: Settings): Write[] {
  const { uid, namespace = "" } = configuration.metadata;
  const { config, nowMs } = settings;
  const { latestReadyRevisionName = "", latestCreatedRevisionName = "" } = configuration.status ?? {};
  // Its Configuration would make the latest created one again.
  const reserves = observed
    .reserves(uid)
    .filter(({ name }) => name !== latestReadyRevisionName && name !== latestCreatedRevisionName);
  const keyOfReserve = ({ name }: Reserve): ObjectKey => ({ kind: "Revision", namespace, name });
  let found = findGarbage(reserves, config.gc, nowMs);
  if (found.garbage.length > 0) {
    // A Route may have come back to one before its routing state says so. That is asked only when something would go.
    const isFree = (reserve: Reserve) =>
      !observed.referrers(keyOfReserve(reserve)).some(({ kind }) => kind === "Route");
    found = findGarbage(reserves.filter(isFree), config.gc, nowMs);
  }
  const garbage = found.garbage.flatMap(({ name }) => observed.get("Revision", namespace, name) ?? []);
  return [
    ...garbage.map((revision) => ({ type: "delete" as const, object: revision })),
    ...(found.nextStaleAtMs === null
      ? []
      : [{ type: "wake" as const, key: keyOf(configuration), atMs: found.nextStaleAtMs }]),
  ];
}

/**
 * @param reserves of one Configuration, without those that something else keeps
 * @returns the ones to delete, and when the next of the others gets stale that could go then; null = none can
 */
export function findGarbage(
  reserves: readonly Reserve[],
  config: GcConfig,
  nowMs: number,
): { readonly garbage: readonly Reserve[]; readonly nextStaleAtMs: number | null } {
  const { minNonActiveRevisions: least, maxNonActiveRevisions: most } = config;
  const spare = reserves.length - least;
  if (spare <= 0) return { garbage: [], nextStaleAtMs: null };
  const candidates = reserves
    .map((reserve) => ({ reserve, staleAtMs: staleAtMs(reserve, config) }))
    .sort((a, b) => a.reserve.reserveSinceMs - b.reserve.reserveSinceMs);
  const stale = new Set(candidates.filter((candidate) => candidate.staleAtMs <= nowMs).slice(0, spare));
  const rest = candidates.filter((candidate) => !stale.has(candidate));
  const excess = stale.size === spare || most === null ? 0 : Math.max(0, rest.length - most);
  const kept = rest.slice(excess);
  const next = Math.min(...kept.map((candidate) => candidate.staleAtMs));
  return {
    garbage: [...stale, ...rest.slice(0, excess)].map(({ reserve }) => reserve),
    nextStaleAtMs: kept.length > least && Number.isFinite(next) ? next : null,
  };
}

/** Infinity when no age makes it stale. */
function staleAtMs(reserve: Reserve, { retainSinceCreateMs, retainSinceLastActiveMs }: GcConfig): number {
  if (retainSinceCreateMs === null && retainSinceLastActiveMs === null) return Number.POSITIVE_INFINITY;
  return Math.max(
    retainSinceCreateMs === null ? 0 : reserve.createdAtMs + retainSinceCreateMs,
    retainSinceLastActiveMs === null ? 0 : reserve.reserveSinceMs + retainSinceLastActiveMs,
  );
}
