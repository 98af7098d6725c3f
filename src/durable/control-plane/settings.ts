/**
 * The config in force. Each ConfigMap is parsed once per version of it; a missing one means the defaults. What depends on
 * a section is reconciled when the section is no longer what it was followed with, be it through an edit, another
 * environment or a new version of Rouse with other defaults.
 */
import { type Config, defaultConfig } from "../../core/config/config.ts";
import { CONFIG_MAPS, SECTIONS, type Section } from "../../core/config/config-maps.ts";
import { completeDomains, type DomainConfig } from "../../core/config/domain-config.ts";
import { CONFIG_DEPENDENTS, CONTROL_HOST_DEPENDENTS } from "../../core/reconcile/references.ts";
import { SYSTEM_NAMESPACE } from "../../core/resource/config-map.ts";
import type { KindName } from "../../core/resource/object.ts";
import type { ObjectStore } from "./object-store.ts";
import type { WorkQueue } from "./work-queue.ts";
import { parseYaml } from "./yaml.ts";

/** Where the part of the environment that is no default of a section is on record, beside the sections. */
const CONTROL_HOST = "CONTROL_HOST";

export type Environment = {
  /** Suffix of public hosts while config-domain says nothing. */
  readonly defaultDomain: string;
  /** Where the API answers; "" when it has no host of its own. */
  readonly controlHost: string;
};

export class LiveConfig {
  readonly #sql: SqlStorage;
  readonly #objects: ObjectStore;
  readonly #queue: WorkQueue;
  readonly #defaults: Config;
  readonly #defaultDomain: string;
  readonly #controlHost: string;
  #versions: ReadonlyMap<string, string> = new Map();
  #current: Config;
  #followed: Config | null = null;

  constructor(sql: SqlStorage, objects: ObjectStore, queue: WorkQueue, { defaultDomain, controlHost }: Environment) {
    this.#sql = sql;
    this.#objects = objects;
    this.#queue = queue;
    this.#defaultDomain = defaultDomain;
    this.#controlHost = controlHost;
    this.#defaults = defaultConfig(defaultDomain);
    this.#current = this.#defaults;
  }

  /** The same object until something changed. Not to be called within a transaction, which may be rolled back. */
  read(): Config {
    const versions = this.#readVersions();
    const changed = SECTIONS.filter((section) => {
      const { name } = CONFIG_MAPS[section];
      return versions.get(name) !== this.#versions.get(name);
    });
    if (changed.length > 0) {
      const sections = changed.map((section) => [section, this.#parse(section)]);
      this.#current = { ...this.#current, ...(Object.fromEntries(sections) as Partial<Config>) };
      this.#versions = versions;
    }
    return this.#current;
  }

  /** Marks what depends on what differs from the last time, in the caller's transaction. */
  follow(config: Config): void {
    if (config === this.#followed) return;
    for (const section of SECTIONS) this.#followPart(section, config[section], CONFIG_DEPENDENTS[section]);
    this.#followPart(CONTROL_HOST, this.#controlHost, CONTROL_HOST_DEPENDENTS);
    this.#followed = config;
  }

  #followPart(name: string, part: unknown, dependents: readonly KindName[]): void {
    const body = JSON.stringify(part);
    const known = this.#sql.exec("SELECT body FROM config WHERE section = ?", name).toArray()[0];
    if (known?.body === body) return;
    this.#sql.exec("INSERT OR REPLACE INTO config (section, body) VALUES (?, ?)", name, body);
    for (const kind of dependents) {
      for (const key of this.#objects.keys(kind)) this.#queue.add(key);
    }
  }

  /** Name → resourceVersion, without a look at what the maps say. */
  #readVersions(): Map<string, string> {
    const rows = this.#sql
      .exec(
        `SELECT name, json_extract(body, '$.metadata.resourceVersion') AS version FROM objects
         WHERE kind = 'ConfigMap' AND namespace = ? AND name LIKE 'config-%'`,
        SYSTEM_NAMESPACE,
      )
      .toArray();
    return new Map(rows.map((row) => [String(row.name), String(row.version)]));
  }

  /** What admission let in parses. Should an older version have let in more, the section stays as it is. */
  #parse(section: Section): Config[Section] {
    const { name, parse } = CONFIG_MAPS[section];
    const data = this.#objects.get("ConfigMap", SYSTEM_NAMESPACE, name)?.data ?? {};
    const parsed = parse(data, parseYaml);
    if (!parsed.ok) {
      const problems = parsed.problems.map(({ key, message }) => `${key}: ${message}`).join("; ");
      console.error(`control-plane: ConfigMap ${name} is not in force: ${problems}`);
      return this.#current[section];
    }
    return section === "domain" ? completeDomains(parsed.config as DomainConfig, this.#defaultDomain) : parsed.config;
  }
}
