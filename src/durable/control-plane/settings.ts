/**
 * The config in force. Each ConfigMap is parsed once per version of it; a missing one means the defaults. What depends on
 * a section is reconciled when the section is no longer what it was followed with, be it through an edit, another
 * environment or a new version of Rouse with other defaults.
 */
import { type Config, defaultConfig } from "../../core/config/config.ts";
import { CONFIG_MAPS, SECTIONS, type Section } from "../../core/config/config-maps.ts";
import { completeDomains, type DomainConfig } from "../../core/config/domain-config.ts";
import { CONFIG_DEPENDENTS } from "../../core/reconcile/references.ts";
import { SYSTEM_NAMESPACE } from "../../core/resource/config-map.ts";
import type { ObjectStore } from "./object-store.ts";
import type { WorkQueue } from "./work-queue.ts";
import { parseYaml } from "./yaml.ts";

export class LiveConfig {
  readonly #sql: SqlStorage;
  readonly #objects: ObjectStore;
  readonly #queue: WorkQueue;
  readonly #defaults: Config;
  readonly #defaultDomain: string;
  #versions: ReadonlyMap<string, string> = new Map();
  #current: Config;
  #followed: Config | null = null;

  /** @param defaultDomain suffix of public hosts while config-domain says nothing */
  constructor(sql: SqlStorage, objects: ObjectStore, queue: WorkQueue, defaultDomain: string) {
    this.#sql = sql;
    this.#objects = objects;
    this.#queue = queue;
    this.#defaultDomain = defaultDomain;
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

  /** Marks what depends on sections that differ from those of the last time, in the caller's transaction. */
  follow(config: Config): void {
    if (config === this.#followed) return;
    for (const section of SECTIONS) {
      const body = JSON.stringify(config[section]);
      const known = this.#sql.exec("SELECT body FROM config WHERE section = ?", section).toArray()[0];
      if (known?.body === body) continue;
      this.#sql.exec("INSERT OR REPLACE INTO config (section, body) VALUES (?, ?)", section, body);
      for (const kind of CONFIG_DEPENDENTS[section]) {
        for (const key of this.#objects.keys(kind)) this.#queue.add(key);
      }
    }
    this.#followed = config;
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
