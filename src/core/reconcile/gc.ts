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
import { ANNOTATION_NO_GC, ANNOTATION_ROUTING_STATE_MODIFIED, LABEL_ROUTING_STATE } from "../resource/annotations.ts";
import { keyOf } from "../resource/object.ts";
import type { Configuration, Revision } from "../resource/serving.ts";
import type { Observed, Settings, Write } from "./observed.ts";

/** The writes that delete what a Configuration keeps no longer, and the time to look again. */
export function collectRevisions(configuration: Configuration, observed: Observed, settings: Settings): Write[] {
  const revisions = observed
    .owned(configuration.metadata.uid)
    .filter((object): object is Revision => object.kind === "Revision")
    .filter((revision) => revision.metadata.deletionTimestamp === undefined);
  const { latestReadyRevisionName = "", latestCreatedRevisionName = "" } = configuration.status ?? {};
  const isKept = (revision: Revision) =>
    revision.metadata.name === latestReadyRevisionName ||
    // Its Configuration would make it again.
    revision.metadata.name === latestCreatedRevisionName ||
    // A Route may have come back to it before its routing state says so.
    observed.referrers(keyOf(revision)).some(({ kind }) => kind === "Route");
  const { garbage, nextStaleAtMs } = findGarbage(revisions, isKept, settings.config.gc, settings.nowMs);
  return [
    ...garbage.map((revision) => ({ type: "delete" as const, object: revision })),
    ...(nextStaleAtMs === null ? [] : [{ type: "wake" as const, key: keyOf(configuration), atMs: nextStaleAtMs }]),
  ];
}

/**
 * @param revisions all of one Configuration, without those that are being deleted
 * @param isKept asked for those that nothing else keeps
 * @returns the revisions to delete, and when the next of the others gets stale that could go then; null = none can
 */
export function findGarbage(
  revisions: readonly Revision[],
  isKept: (revision: Revision) => boolean,
  config: GcConfig,
  nowMs: number,
): { readonly garbage: readonly Revision[]; readonly nextStaleAtMs: number | null } {
  const { minNonActiveRevisions: least, maxNonActiveRevisions: most } = config;
  // Nearly always there is nothing to choose from, and isKept need not look.
  const reserves = revisions.filter((revision) => !isActive(revision));
  if (reserves.length <= least) return { garbage: [], nextStaleAtMs: null };
  const candidates = reserves
    .filter((revision) => !isKept(revision))
    .map((revision) => ({ revision, lastActiveMs: lastActiveMs(revision), staleAtMs: staleAtMs(revision, config) }))
    .sort((a, b) => a.lastActiveMs - b.lastActiveMs);
  const spare = candidates.length - least;
  if (spare <= 0) return { garbage: [], nextStaleAtMs: null };
  const stale = new Set(candidates.filter((candidate) => candidate.staleAtMs <= nowMs).slice(0, spare));
  const rest = candidates.filter((candidate) => !stale.has(candidate));
  const excess = stale.size === spare || most === null ? 0 : Math.max(0, rest.length - most);
  const kept = rest.slice(excess);
  const next = Math.min(...kept.map((candidate) => candidate.staleAtMs));
  return {
    garbage: [...stale, ...rest.slice(0, excess)].map(({ revision }) => revision),
    nextStaleAtMs: kept.length > least && Number.isFinite(next) ? next : null,
  };
}

function isActive({ metadata: { labels, annotations } }: Revision): boolean {
  return labels?.[LABEL_ROUTING_STATE] !== "reserve" || annotations?.[ANNOTATION_NO_GC]?.toLowerCase() === "true";
}

/** When its routing state changed last; a revision without that time counts from its creation. */
function lastActiveMs({ metadata }: Revision): number {
  const modifiedMs = Date.parse(metadata.annotations?.[ANNOTATION_ROUTING_STATE_MODIFIED] ?? "");
  return Number.isNaN(modifiedMs) ? Date.parse(metadata.creationTimestamp) : modifiedMs;
}

/** Infinity when no age makes it stale. */
function staleAtMs(revision: Revision, { retainSinceCreateMs, retainSinceLastActiveMs }: GcConfig): number {
  if (retainSinceCreateMs === null && retainSinceLastActiveMs === null) return Number.POSITIVE_INFINITY;
  return Math.max(
    retainSinceCreateMs === null ? 0 : Date.parse(revision.metadata.creationTimestamp) + retainSinceCreateMs,
    retainSinceLastActiveMs === null ? 0 : lastActiveMs(revision) + retainSinceLastActiveMs,
  );
}
