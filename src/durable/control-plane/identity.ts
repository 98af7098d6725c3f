/** What a new control plane is born with: an id of its own and the namespaces that everybody expects. */
import { SYSTEM_NAMESPACE } from "../../core/resource/config-map.ts";
import type { World } from "./world.ts";

const BORN_WITH = ["default", SYSTEM_NAMESPACE];

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
  for (const name of BORN_WITH) {
    const draft = { apiVersion: "v1", kind: "Namespace" as const, metadata: { name }, status: { phase: "Active" } };
    world.apply({ type: "create", draft }, nowMs);
  }
}
