/** What a control plane is born with: an id of its own, the namespaces that everybody expects, and its ConfigMaps. */
import { CONFIG_MAPS, SECTIONS } from "../../core/config/config-maps.ts";
import { EXAMPLE_KEY } from "../../core/config/rows.ts";
import { SYSTEM_NAMESPACE } from "../../core/resource/config-map.ts";
import { LASTING_NAMESPACES, labelNamespace, NAMESPACE_STATUS } from "../../core/resource/namespace.ts";
import type { Draft } from "../../core/resource/object.ts";
import type { World } from "./world.ts";

/** Random and lasting: agents obey the control plane whose id they know, so one with lost storage stops no pods. */
export function controlPlaneId(sql: SqlStorage): string {
  const row = sql.exec("SELECT id FROM identity").toArray()[0];
  if (row !== undefined) return String(row.id);
  const id = crypto.randomUUID();
  sql.exec("INSERT INTO identity (id) VALUES (?)", id);
  return id;
}

/** Creates missing namespaces; called at each start, and nothing to do at any but the first. */
export function seedNamespaces(world: World, nowMs: number): void {
  for (const name of LASTING_NAMESPACES) {
    const draft = { apiVersion: "v1", kind: "Namespace" as const, metadata: { name }, status: NAMESPACE_STATUS };
    world.apply({ type: "create", draft: labelNamespace<Draft>(draft) }, nowMs);
  }
}

/**
 * Creates missing ConfigMaps, so that `kubectl edit` finds them with every key explained; called at each start. One that
 * is there stays as it is.
 */
export function seedConfigMaps(world: World, nowMs: number): void {
  for (const section of SECTIONS) {
    const { name, example } = CONFIG_MAPS[section];
    const metadata = { name, namespace: SYSTEM_NAMESPACE };
    const draft = { apiVersion: "v1", kind: "ConfigMap" as const, metadata, data: { [EXAMPLE_KEY]: example } };
    world.apply({ type: "create", draft }, nowMs);
  }
}
