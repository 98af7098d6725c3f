/**
 * ConfigMap config-gc: which old revisions are kept.
 * Source: serving/pkg/gc/config.go. Vectors: config, kind config_gc.
 */
import {
  type ConfigData,
  type ConfigProblem,
  type ConfigResult,
  defaultsOf,
  exampleOf,
  isKeyOf,
  keysOf,
  parseRows,
  type Row,
  type Rows,
} from "./rows.ts";
import { type Parsed, parseDuration, parseInteger } from "./scalar.ts";

export type GcConfig = {
  /** null = disabled, as for each of these. */
  readonly retainSinceCreateMs: number | null;
  readonly retainSinceLastActiveMs: number | null;
  readonly minNonActiveRevisions: number;
  readonly maxNonActiveRevisions: number | null;
};

/** @returns the typed config with defaults filled in, or every problem with the key it belongs to */
export function parseGcConfig(data: ConfigData): ConfigResult<GcConfig> {
  return parseRows(ROWS, data, crossKeyProblems);
}

/** The config of an empty map. */
export function defaultGcConfig(): GcConfig {
  return defaultsOf(ROWS);
}

const HOUR_MS = 3_600_000;
const notNegative = (value: number | null) => (value === null || value >= 0 ? undefined : "must not be negative");

const ROWS: Rows<GcConfig> = {
  retainSinceCreateMs: limit({
    key: "retain-since-create-time",
    fallback: 48 * HOUR_MS,
    parse: parseDuration,
    example: "48h",
    about: "A revision stays at least so long after it was made.",
  }),
  retainSinceLastActiveMs: limit({
    key: "retain-since-last-active-time",
    fallback: 15 * HOUR_MS,
    parse: parseDuration,
    example: "15h",
    about: "A revision stays at least so long after a route used it last.",
  }),
  minNonActiveRevisions: {
    key: "min-non-active-revisions",
    fallback: 20,
    parse: parseInteger,
    check: notNegative,
    about: "So many revisions that no route uses stay, however old they are.",
  },
  maxNonActiveRevisions: limit({
    key: "max-non-active-revisions",
    fallback: 1000,
    parse: parseInteger,
    about: "Of more revisions that no route uses the oldest go, however young they are.",
  }),
};

/** Every key that is read. */
export const GC_CONFIG_KEYS = keysOf(ROWS);

export const isGcKey = (key: string) => isKeyOf(ROWS, key);

export const GC_EXAMPLE = exampleOf(
  `# Which old revisions are kept. Those that a route uses, the latest ready one, and those with the annotation
# serving.knative.dev/no-gc: "true" always are. "disabled" switches a limit off, except for the minimum.`,
  ROWS,
);

/** A limit that "disabled" switches off; an empty text leaves the default. */
function limit(row: Omit<Row<number>, "check">): Row<number | null> {
  const parse = (text: string): Parsed<number | null> => {
    if (text === "") return { ok: true, value: row.fallback };
    return text.toLowerCase() === "disabled" ? { ok: true, value: null } : row.parse(text);
  };
  return { ...row, parse, check: notNegative };
}

function crossKeyProblems({ minNonActiveRevisions: least, maxNonActiveRevisions: most }: GcConfig): ConfigProblem[] {
  if (most === null || least <= most) return [];
  const message = `${least} must not be greater than ${ROWS.maxNonActiveRevisions.key} (${most})`;
  return [{ key: ROWS.minNonActiveRevisions.key, message }];
}
