/** The columns of Kubernetes' own kinds behind NAME, as its API server prints them. */

import { isJsonObject, memberAt } from "./json.ts";
import {
  ageCell,
  type Cell,
  cellAt,
  conditionCell,
  listAt,
  memberCount,
  NONE,
  numberAt,
  textAt,
} from "./table-cells.ts";
import { AGE_COLUMN, type Column, column, wideColumn } from "./table-columns.ts";

/** By the name of the kind in the store, or of the view. */
export const CORE_COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  Namespace: [column("Status", (object) => cellAt(object, "status", "phase") ?? "Active"), AGE_COLUMN],
  ConfigMap: [column("Data", dataCount, "integer"), AGE_COLUMN],
  Secret: [
    column("Type", (object) => cellAt(object, "type") ?? "Opaque"),
    column("Data", dataCount, "integer"),
    AGE_COLUMN,
  ],
  CoreService: [
    column("Type", serviceType),
    column("Cluster-IP", (object) => textAt(object, "spec", "clusterIP") || NONE),
    column("External-IP", externalAddress),
    column("Port(s)", servicePorts),
    AGE_COLUMN,
    wideColumn("Selector", (object) => keyValues(memberAt(object, "spec", "selector"))),
  ],
  Pod: [
    column("Ready", readyContainers),
    column("Status", podStatus),
    column("Restarts", restarts, "integer"),
    AGE_COLUMN,
    wideColumn("IP", (object) => textAt(object, "status", "podIP") || NONE),
    wideColumn("Node", (object) => textAt(object, "spec", "nodeName") || NONE),
    wideColumn("Nominated Node", () => NONE),
    wideColumn("Readiness Gates", () => NONE),
  ],
  Node: [
    column("Status", nodeStatus),
    column("Roles", nodeRoles),
    AGE_COLUMN,
    column("Version", (object) => cellAt(object, "status", "nodeInfo", "kubeletVersion")),
    wideColumn("Internal-IP", (object) => nodeAddress(object, "InternalIP")),
    wideColumn("External-IP", (object) => nodeAddress(object, "ExternalIP")),
    wideColumn("OS-Image", (object) => textAt(object, "status", "nodeInfo", "osImage") || "<unknown>"),
    wideColumn("Kernel-Version", (object) => textAt(object, "status", "nodeInfo", "kernelVersion") || "<unknown>"),
    wideColumn("Container-Runtime", runtimeVersion),
  ],
  CustomResourceDefinition: [column("Created At", (object) => cellAt(object, "metadata", "creationTimestamp"))],
};

/** Events are read by when they happened, so their name comes last. */
export const EVENT_COLUMNS: readonly Column[] = [
  column("Last Seen", (object, nowMs) => ageCell(firstTime(object, "lastTimestamp", "firstTimestamp"), nowMs)),
  column("Type", (object) => textAt(object, "type")),
  column("Reason", (object) => textAt(object, "reason")),
  column("Object", involvedObject),
  wideColumn("Subobject", (object) => textAt(object, "involvedObject", "fieldPath")),
  wideColumn("Source", eventSource),
  column("Message", (object) => textAt(object, "message").trim()),
  wideColumn("First Seen", (object, nowMs) => ageCell(firstTime(object, "firstTimestamp", "lastTimestamp"), nowMs)),
  wideColumn("Count", (object) => numberAt(object, "count") || 1, "integer"),
  { ...wideColumn("Name", (object) => textAt(object, "metadata", "name")), format: "name" },
];

function dataCount(object: unknown): number {
  return memberCount(object, "data") + memberCount(object, "binaryData");
}

// --- Service ---

function serviceType(object: unknown): string {
  return textAt(object, "spec", "type") || "ClusterIP";
}

function externalAddress(object: unknown): string {
  const externalIps = listAt(object, "spec", "externalIPs").map(String);
  switch (serviceType(object)) {
    case "ExternalName":
      return textAt(object, "spec", "externalName") || NONE;
    case "LoadBalancer": {
      const ingress = listAt(object, "status", "loadBalancer", "ingress");
      const addresses = [...ingress.map((entry) => textAt(entry, "ip") || textAt(entry, "hostname")), ...externalIps];
      return addresses.length === 0 ? "<pending>" : addresses.join(",");
    }
    default:
      return externalIps.join(",") || NONE;
  }
}

function servicePorts(object: unknown): string {
  const ports = listAt(object, "spec", "ports").map((port) => {
    const nodePort = numberAt(port, "nodePort");
    return `${numberAt(port, "port")}${nodePort === 0 ? "" : `:${nodePort}`}/${textAt(port, "protocol") || "TCP"}`;
  });
  return ports.join(",") || NONE;
}

function keyValues(value: unknown): string {
  if (!isJsonObject(value)) return NONE;
  const pairs = Object.entries(value).map(([key, text]) => `${key}=${text}`);
  return pairs.join(",") || NONE;
}

// --- Pod ---

function readyContainers(object: unknown): string {
  const statuses = listAt(object, "status", "containerStatuses");
  const ready = statuses.filter((status) => memberAt(status, "ready") === true).length;
  return `${ready}/${Math.max(listAt(object, "spec", "containers").length, statuses.length)}`;
}

/** The phase, unless something says more: why a container waits or ended, or that the pod is on its way out. */
function podStatus(object: unknown): string {
  if (textAt(object, "metadata", "deletionTimestamp") !== "") return "Terminating";
  const reasons = listAt(object, "status", "containerStatuses").map(
    (status) => textAt(status, "state", "waiting", "reason") || textAt(status, "state", "terminated", "reason"),
  );
  return (
    reasons.find((reason) => reason !== "") || textAt(object, "status", "reason") || textAt(object, "status", "phase")
  );
}

function restarts(object: unknown): Cell {
  return listAt(object, "status", "containerStatuses").reduce<number>(
    (sum, status) => sum + numberAt(status, "restartCount"),
    0,
  );
}

// --- Node ---

function nodeStatus(object: unknown): string {
  const ready = conditionCell(object, "Ready", "status");
  const status = ready === null ? "Unknown" : ready === "True" ? "Ready" : "NotReady";
  return memberAt(object, "spec", "unschedulable") === true ? `${status},SchedulingDisabled` : status;
}

const ROLE_PREFIX = "node-role.kubernetes.io/";

function nodeRoles(object: unknown): string {
  const labels = memberAt(object, "metadata", "labels");
  const roles = Object.keys(isJsonObject(labels) ? labels : {}).filter((key) => key.startsWith(ROLE_PREFIX));
  return (
    roles
      .map((key) => key.slice(ROLE_PREFIX.length))
      .sort()
      .join(",") || NONE
  );
}

function nodeAddress(object: unknown, type: string): string {
  const found = listAt(object, "status", "addresses").find((address) => textAt(address, "type") === type);
  return textAt(found, "address") || NONE;
}

function runtimeVersion(object: unknown): string {
  return textAt(object, "status", "nodeInfo", "containerRuntimeVersion") || "<unknown>";
}

// --- Event ---

function firstTime(object: unknown, ...members: readonly string[]): string {
  const times = [...members, "eventTime"].map((name) => textAt(object, name));
  return times.find((time) => time !== "") ?? textAt(object, "metadata", "creationTimestamp");
}

function involvedObject(object: unknown): string {
  const kind = textAt(object, "involvedObject", "kind").toLowerCase();
  return `${kind}/${textAt(object, "involvedObject", "name")}`;
}

function eventSource(object: unknown): string {
  const component = textAt(object, "source", "component") || textAt(object, "reportingComponent");
  const host = textAt(object, "source", "host");
  return [component, host].filter((part) => part !== "").join(", ");
}
