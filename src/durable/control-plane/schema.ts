/**
 * The SQLite of the ControlPlane object. JSON bodies beside the few columns that are searched.
 *
 *     objects ──owners──▶ who owns it       refs ──▶ whom it names       events: what watches replay
 *     dirty: keys to reconcile              wakes: keys to reconcile at a time
 *     outbox: messages to other objects, in order of id (the id is the message's sequence)
 *     orders, observations: what a Revision object was told and what it said       hosts: who has a host
 *     host_waiters: who wants a host that another one has
 *     unplaced: revisions that a new agent may help
 *     cascades: owners that are gone, whose children still have to go
 *     claims: who wants a domain, in order       kept_events: Events by age
 *     config: the sections of the config that the objects follow
 *     revisions: those of each Configuration, with what is looked for among them
 */
export const MIGRATIONS: readonly (readonly string[])[] = [
  [
    "CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE identity (id TEXT NOT NULL)",
    `CREATE TABLE objects (
       uid TEXT PRIMARY KEY, kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL
     ) WITHOUT ROWID`,
    "CREATE UNIQUE INDEX objects_by_name ON objects (kind, namespace, name)",
    `CREATE TABLE owners (
       owner_uid TEXT NOT NULL, uid TEXT NOT NULL, PRIMARY KEY (owner_uid, uid)
     ) WITHOUT ROWID`,
    "CREATE INDEX owners_by_child ON owners (uid)",
    `CREATE TABLE refs (
       kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, uid TEXT NOT NULL,
       PRIMARY KEY (kind, namespace, name, uid)
     ) WITHOUT ROWID`,
    "CREATE INDEX refs_by_referrer ON refs (uid)",
    `CREATE TABLE events (
       resource_version INTEGER PRIMARY KEY, type TEXT NOT NULL, kind TEXT NOT NULL, namespace TEXT NOT NULL,
       name TEXT NOT NULL, at_ms INTEGER NOT NULL, body TEXT NOT NULL
     )`,
    "CREATE INDEX events_by_time ON events (at_ms)",
    `CREATE TABLE dirty (
       id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
       UNIQUE (kind, namespace, name)
     )`,
    `CREATE TABLE wakes (
       kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, at_ms INTEGER NOT NULL,
       PRIMARY KEY (kind, namespace, name)
     ) WITHOUT ROWID`,
    `CREATE TABLE outbox (
       id INTEGER PRIMARY KEY AUTOINCREMENT, target_kind TEXT NOT NULL, target TEXT NOT NULL, slot TEXT NOT NULL,
       message TEXT NOT NULL, UNIQUE (target_kind, target, slot)
     )`,
    "CREATE TABLE orders (revision_uid TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID",
    `CREATE TABLE observations (
       revision_uid TEXT PRIMARY KEY, sequence INTEGER NOT NULL, body TEXT NOT NULL
     ) WITHOUT ROWID`,
    `CREATE TABLE hosts (
       host TEXT PRIMARY KEY, route_uid TEXT NOT NULL, entry TEXT NOT NULL, sequence INTEGER NOT NULL,
       delivered_at_ms INTEGER
     ) WITHOUT ROWID`,
    "CREATE INDEX hosts_by_route ON hosts (route_uid)",
    `CREATE TABLE agents (
       agent_uid TEXT PRIMARY KEY, name TEXT NOT NULL, sequence INTEGER NOT NULL, observation TEXT,
       joined_at_ms INTEGER NOT NULL, changed_at_ms INTEGER NOT NULL
     ) WITHOUT ROWID`,
    "CREATE TABLE join_tokens (hash TEXT PRIMARY KEY, expires_at_ms INTEGER NOT NULL) WITHOUT ROWID",
  ],
  ["CREATE TABLE domain (suffix TEXT NOT NULL)"],
  // What followed the suffix of hosts follows every section of the config.
  ["DROP TABLE domain", "CREATE TABLE config (section TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID"],
  // resourceVersions become even (core/resource/watch-version.ts); a watch from before has to list again.
  [
    "UPDATE counters SET value = value * 2 WHERE name = 'resourceVersion'",
    "INSERT INTO counters (name, value) SELECT 'eventHorizon', value FROM counters WHERE name = 'resourceVersion'",
    `UPDATE objects SET body = json_set(body, '$.metadata.resourceVersion',
       CAST(2 * CAST(json_extract(body, '$.metadata.resourceVersion') AS INTEGER) AS TEXT))`,
    "DROP TABLE events",
    `CREATE TABLE events (
       resource_version INTEGER PRIMARY KEY, type TEXT NOT NULL, kind TEXT NOT NULL, namespace TEXT NOT NULL,
       name TEXT NOT NULL, at_ms INTEGER NOT NULL, labels_before TEXT, body TEXT NOT NULL
     )`,
    "CREATE INDEX events_by_time ON events (at_ms)",
    "CREATE INDEX tombstones ON events (resource_version) WHERE type = 'DELETED'",
  ],
  // Neither an agent that connects nor a key that waits for its time makes anybody look at all revisions or all keys.
  [
    "CREATE INDEX wakes_by_time ON wakes (at_ms)",
    "CREATE TABLE unplaced (revision_uid TEXT PRIMARY KEY) WITHOUT ROWID",
    "INSERT INTO unplaced (revision_uid) SELECT revision_uid FROM orders WHERE body != 'destroyed'",
    `DELETE FROM unplaced WHERE revision_uid IN (SELECT revision_uid FROM observations
       WHERE body ->> '$.isInitialized' AND coalesce(body ->> '$.failure.condition', '') != 'ResourcesAvailable')`,
  ],
  // Domains belong to the mapping that was made first.
  [
    `CREATE TABLE claims (
       id INTEGER PRIMARY KEY AUTOINCREMENT, domain TEXT NOT NULL, mapping_uid TEXT NOT NULL UNIQUE
     )`,
    "CREATE INDEX claims_by_domain ON claims (domain)",
    `INSERT INTO claims (domain, mapping_uid) SELECT name, uid FROM objects WHERE kind = 'DomainMapping'
       ORDER BY body ->> '$.metadata.creationTimestamp', namespace`,
  ],
  // Events of objects, by when they happened last.
  ["CREATE TABLE kept_events (at_ms INTEGER NOT NULL, uid TEXT NOT NULL, PRIMARY KEY (at_ms, uid)) WITHOUT ROWID"],
  // The log is pruned in the order in which it was written: one row per event instead of two.
  ["DROP INDEX events_by_time"],
  // Who waits for a host is told when it is free, and need not look every ten seconds.
  [
    `CREATE TABLE host_waiters (
       host TEXT NOT NULL, kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
       PRIMARY KEY (host, kind, namespace, name)
     ) WITHOUT ROWID`,
  ],
  // A namespace used to be a name alone; now it can be listed, found by its label and deleted.
  [
    // Materialized, or each mention of the uid would be another random one.
    `WITH missing AS MATERIALIZED (
       SELECT DISTINCT namespace AS name FROM objects
       WHERE namespace != '' AND namespace NOT IN (SELECT name FROM objects WHERE kind = 'Namespace')
     ), made AS MATERIALIZED (
       SELECT name, lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) ||
         '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))) AS uid FROM missing
     )
     INSERT INTO objects (uid, kind, namespace, name, body)
       SELECT uid, 'Namespace', '', name, json_object(
         'apiVersion', 'v1', 'kind', 'Namespace', 'status', json_object('phase', 'Active'), 'metadata', json_object(
           'name', name, 'uid', uid, 'generation', 1,
           'resourceVersion', (SELECT CAST(value AS TEXT) FROM counters WHERE name = 'resourceVersion'),
           'creationTimestamp', strftime('%Y-%m-%dT%H:%M:%SZ', 'now')))
       FROM made`,
    `UPDATE objects SET body = json_set(body, '$.metadata.labels."kubernetes.io/metadata.name"', name)
       WHERE kind = 'Namespace'`,
  ],
  // What selectors saw before a write is more than labels: the phase of a Namespace.
  [
    "ALTER TABLE events RENAME COLUMN labels_before TO part_before",
    "UPDATE events SET part_before = json_object('labels', json(part_before)) WHERE part_before IS NOT NULL",
  ],
  // The log is bounded by bytes too; of what is in it now, nobody knows how many they are.
  ["ALTER TABLE events ADD COLUMN written_bytes INTEGER NOT NULL DEFAULT 0"],
  // Which revisions of a Configuration are new or may go is seen without a look at the bodies of all that it keeps.
  [
    `CREATE TABLE revisions (
       uid TEXT PRIMARY KEY, configuration_uid TEXT NOT NULL, generation INTEGER NOT NULL, name TEXT NOT NULL,
       created_at_ms INTEGER NOT NULL, reserve_since_ms INTEGER
     ) WITHOUT ROWID`,
    "CREATE INDEX revisions_by_generation ON revisions (configuration_uid, generation)",
    `CREATE INDEX revisions_in_reserve ON revisions (configuration_uid, reserve_since_ms, created_at_ms, name)
       WHERE reserve_since_ms IS NOT NULL`,
    `INSERT INTO revisions
       SELECT objects.uid, owner.value ->> '$.uid',
         CAST(coalesce(body -> '$.metadata.labels' ->> 'serving.knative.dev/configurationGeneration', 0) AS INTEGER),
         name, 1000 * unixepoch(body ->> '$.metadata.creationTimestamp'),
         CASE WHEN body -> '$.metadata.labels' ->> 'serving.knative.dev/routingState' = 'reserve'
             AND lower(coalesce(body -> '$.metadata.annotations' ->> 'serving.knative.dev/no-gc', '')) != 'true'
             AND body ->> '$.metadata.deletionTimestamp' IS NULL
           THEN 1000 * unixepoch(coalesce(body -> '$.metadata.annotations' ->> 'serving.knative.dev/routingStateModified',
             body ->> '$.metadata.creationTimestamp')) END
       FROM objects, json_each(body, '$.metadata.ownerReferences') AS owner
       WHERE objects.kind = 'Revision' AND owner.value ->> '$.controller'`,
  ],
  // Of an owner with thousands of children, only some go in the transaction in which it goes.
  ["CREATE TABLE cascades (owner_uid TEXT PRIMARY KEY, after_uid TEXT NOT NULL) WITHOUT ROWID"],
];
