/**
 * The columns of Knative's kinds behind NAME, as its CustomResourceDefinitions name them (config/core/300-resources):
 * they have no age.
 */
import { cellAt, conditionCell } from "./table-cells.ts";
import { type Column, column } from "./table-columns.ts";

const READY = column("Ready", (object) => conditionCell(object, "Ready", "status"));
const REASON = column("Reason", (object) => conditionCell(object, "Ready", "reason"));
const URL_COLUMN = column("URL", (object) => cellAt(object, "status", "url"));
const LATEST = [
  column("LatestCreated", (object) => cellAt(object, "status", "latestCreatedRevisionName")),
  column("LatestReady", (object) => cellAt(object, "status", "latestReadyRevisionName")),
];

/** By the name of the kind in the store. */
export const KNATIVE_COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  Service: [URL_COLUMN, ...LATEST, READY, REASON],
  Route: [URL_COLUMN, READY, REASON],
  Configuration: [...LATEST, READY, REASON],
  Revision: [
    column("Config Name", (object) => labelCell(object, "serving.knative.dev/configuration")),
    column("Generation", (object) => labelCell(object, "serving.knative.dev/configurationGeneration")),
    READY,
    REASON,
    column("Actual Replicas", (object) => cellAt(object, "status", "actualReplicas"), "integer"),
    column("Desired Replicas", (object) => cellAt(object, "status", "desiredReplicas"), "integer"),
  ],
  DomainMapping: [URL_COLUMN, READY, REASON],
  PodAutoscaler: [
    column("DesiredScale", (object) => cellAt(object, "status", "desiredScale"), "integer"),
    column("ActualScale", (object) => cellAt(object, "status", "actualScale"), "integer"),
    READY,
    REASON,
  ],
  ServerlessService: [
    column("Mode", (object) => cellAt(object, "spec", "mode")),
    column("Activators", (object) => cellAt(object, "spec", "numActivators"), "integer"),
    column("ServiceName", (object) => cellAt(object, "status", "serviceName")),
    column("PrivateServiceName", (object) => cellAt(object, "status", "privateServiceName")),
    READY,
    REASON,
  ],
};

function labelCell(object: unknown, key: string) {
  return cellAt(object, "metadata", "labels", key);
}
