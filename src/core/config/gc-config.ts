/**
 * ConfigMap config-gc: which old revisions are kept.
 * Source: serving/pkg/gc/config.go
 */
export type GcConfig = {
  /** null = disabled, as for each of these. */
  readonly retainSinceCreateMs: number | null;
  readonly retainSinceLastActiveMs: number | null;
  readonly minNonActiveRevisions: number;
  readonly maxNonActiveRevisions: number | null;
};

const HOUR_MS = 3_600_000;

export function defaultGcConfig(): GcConfig {
  return {
    retainSinceCreateMs: 48 * HOUR_MS,
    retainSinceLastActiveMs: 15 * HOUR_MS,
    minNonActiveRevisions: 20,
    maxNonActiveRevisions: 1000,
  };
}
