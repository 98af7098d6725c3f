/**
 * A ConfigMap as a table: one row per key, with its default, its rule and what it means. A table gives the parser, the
 * defaults and the `_example` that documents the map where people edit it.
 *
 * Unknown keys (`_example` among them) are ignored, and one bad value rejects the whole map, so that the previous one
 * stays in force.
 */
import type { Parsed } from "./scalar.ts";

export type Row<T> = {
  readonly key: string;
  /** An older spelling; the key wins when both are there. */
  readonly legacyKey?: string;
  readonly fallback: T;
  readonly parse: (text: string) => Parsed<T>;
  /** @returns what is wrong, to follow the value; undefined = nothing */
  readonly check?: (value: T) => string | undefined;
  /** For people who edit the map: what the value does. */
  readonly about: string;
  /** How the default is written; absent = String(fallback). */
  readonly example?: string;
};

/** The rows of a config; the type holds each row to its field. */
export type Rows<Config> = { readonly [Field in keyof Config]: Row<Config[Field]> };

export type ConfigProblem = { readonly key: string; readonly message: string };

export type ConfigResult<Config> =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

export type ConfigData = Readonly<Record<string, string>>;

/** The key under which a map documents itself; whatever it says has no effect. */
export const EXAMPLE_KEY = "_example";

/**
 * @param crossCheck rules that read several keys; asked only when each key alone is right, else it would repeat what is
 *   wrong with one of them
 * @returns the typed config with defaults filled in, or every problem with the key it belongs to
 */
export function parseRows<Config>(
  rows: Rows<Config>,
  data: ConfigData,
  crossCheck: (config: Config) => readonly ConfigProblem[] = () => [],
): ConfigResult<Config> {
  const problems: ConfigProblem[] = [];
  const config = mapRows(rows, (row) => {
    let value = row.fallback;
    for (const key of row.legacyKey === undefined ? [row.key] : [row.legacyKey, row.key]) {
      const text = data[key];
      if (text === undefined) continue;
      const parsed = row.parse(text);
      if (!parsed.ok) {
        const { message, details } = parsed;
        problems.push({ key, message: details === undefined ? message : `${message} (${details})` });
        continue;
      }
      const message = row.check?.(parsed.value);
      if (message !== undefined) problems.push({ key, message: `${text} ${message}` });
      value = parsed.value;
    }
    return value;
  });
  if (problems.length === 0) problems.push(...crossCheck(config));
  return problems.length === 0 ? { ok: true, config } : { ok: false, problems };
}

/** The config of an empty map. */
export function defaultsOf<Config>(rows: Rows<Config>): Config {
  return mapRows(rows, (row) => row.fallback);
}

/** Every key that is read, without older spellings. */
export function keysOf<Config>(rows: Rows<Config>): readonly string[] {
  return listRows(rows).map((row) => row.key);
}

/** Whether a key is read, also by an older spelling. */
export function isKeyOf<Config>(rows: Rows<Config>, key: string): boolean {
  return listRows(rows).some((row) => row.key === key || row.legacyKey === key);
}

/**
 * The text of a map's `_example`: each key with its meaning and default.
 *
 *     # Pods that stay when nobody calls.
 *     min-scale: "0"
 */
export function exampleOf<Config>(title: string, rows: Rows<Config>): string {
  const entries = listRows(rows).map(
    ({ key, about, fallback, example = String(fallback) }) => `# ${about}\n${key}: ${JSON.stringify(example)}\n`,
  );
  return [`${title}\n${NO_EFFECT}\n`, ...entries].join("\n");
}

/** Stands at the head of every `_example`. */
export const NO_EFFECT = `# Nothing in this block has an effect. To change a value, copy its line to "data", beside "${EXAMPLE_KEY}".`;

function listRows<Config>(rows: Rows<Config>): Row<unknown>[] {
  return Object.values<Row<unknown>>(rows as Readonly<Record<string, Row<unknown>>>);
}

function mapRows<Config>(rows: Rows<Config>, valueOf: <T>(row: Row<T>) => T): Config {
  const entries = Object.entries<Row<unknown>>(rows as Readonly<Record<string, Row<unknown>>>);
  return Object.fromEntries(entries.map(([field, row]) => [field, valueOf(row)])) as Config;
}
