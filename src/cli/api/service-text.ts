/** Services as text, laid out as kn does it, with what kn cannot know: whether a service sleeps. */
import { isLoopback } from "../loopback.ts";
import type { PodView } from "./pod-view.ts";
import { type RevisionView, type ServiceState, serviceState } from "./service-state.ts";
import type { Condition, ServiceView } from "./service-view.ts";

const COLUMN_GAP = "   ";

/** @param edgeUrl of the edge that was asked: where it is this machine's, its port belongs to the services' URLs */
export function serviceTable(
  services: readonly ServiceView[],
  revisions: readonly RevisionView[],
  edgeUrl: string,
  nowMs: number,
): string {
  const header = ["NAME", "URL", "STATE", "PODS", "LATEST", "AGE", "READY", "REASON"];
  return table([header, ...services.map((service) => row(service, serviceState(service, revisions), edgeUrl, nowMs))]);
}

function row({ metadata, status }: ServiceView, state: ServiceState, edgeUrl: string, nowMs: number): string[] {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  return [
    metadata.name,
    reachableUrl(status?.url ?? "", edgeUrl),
    state.word,
    `${state.actualPods}/${state.desiredPods}`,
    status?.latestCreatedRevisionName ?? "",
    age(metadata.creationTimestamp, nowMs),
    ready?.status ?? "Unknown",
    ready?.reason ?? "",
  ];
}

export function describeService(
  service: ServiceView,
  state: ServiceState,
  pods: readonly PodView[],
  edgeUrl: string,
  nowMs: number,
): string {
  const { metadata, status } = service;
  const conditions = status?.conditions ?? [];
  return [
    table([
      ["Name:", metadata.name],
      ["Namespace:", metadata.namespace],
      ["Age:", age(metadata.creationTimestamp, nowMs)],
      ["URL:", reachableUrl(status?.url ?? "", edgeUrl)],
      ["State:", state.word],
      ["Pods:", `${state.actualPods} there, ${state.desiredPods} wanted`],
    ]),
    section("Traffic", trafficTable(service)),
    section(
      "Pods",
      table(pods.map(({ podId, revision, state: word, logPath }) => [revision, podId, word, logPath ?? ""])),
    ),
    section("Conditions", conditionTable(conditions)),
    section("Reasons", reasons(conditions)),
  ].join("");
}

function trafficTable({ status }: ServiceView): string {
  return table(
    (status?.traffic ?? []).map(({ tag = "", latestRevision, revisionName = "", percent }) => [
      `${percent ?? 0}%`,
      [
        latestRevision === true ? "@latest" : "",
        revisionName === "" ? "(no revision yet)" : `(${revisionName})`,
        tag && `#${tag}`,
      ]
        .filter(Boolean)
        .join(" "),
    ]),
  );
}

function conditionTable(conditions: readonly Condition[]): string {
  const marks: Readonly<Record<string, string>> = { True: "++", False: "!!" };
  const rows = conditions.map(({ type, status, reason }) => [marks[status] ?? "??", type, reason ?? ""]);
  return rows.length === 0 ? "" : table([["OK", "TYPE", "REASON"], ...rows]);
}

/** What the conditions say, each text once however many of them pass it on. */
function reasons(conditions: readonly Condition[]): string {
  const texts = conditions
    .filter(({ status, message }) => status !== "True" && (message ?? "") !== "")
    .map(({ reason, message = "" }) => [reason, message.trim().replaceAll("\n", "\n  ")].filter(Boolean).join(": "));
  return [...new Set(texts)].join("\n");
}

function section(title: string, body: string): string {
  return body === "" ? "" : `\n\n${title}:\n${indent(body)}`;
}

/** A service's URL has no port; behind an edge on this machine it answers at the edge's. */
export function reachableUrl(serviceUrl: string, edgeUrl: string): string {
  if (!URL.canParse(serviceUrl)) return serviceUrl;
  const { hostname, port } = new URL(edgeUrl);
  if (!isLoopback(hostname)) return serviceUrl;
  const url = new URL(serviceUrl);
  url.port = port;
  return url.origin;
}

/** Columns as wide as their widest cell, no blanks at the end of a line. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const cells of rows) {
    for (const [column, cell] of cells.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  return rows
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join(COLUMN_GAP)
        .trimEnd(),
    )
    .join("\n");
}

const UNITS: readonly (readonly [string, number])[] = [
  ["d", 86_400],
  ["h", 3_600],
  ["m", 60],
];

/** 45s, 3m, 5h, 2d: the largest unit that fits, rounded down; "" for a time that is not known. */
export function age(timestamp: string | undefined, nowMs: number): string {
  const createdMs = Date.parse(timestamp ?? "");
  if (Number.isNaN(createdMs)) return "";
  const seconds = Math.max(0, Math.floor((nowMs - createdMs) / 1_000));
  for (const [unit, size] of UNITS) if (seconds >= size) return `${Math.floor(seconds / size)}${unit}`;
  return `${seconds}s`;
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, "  ");
}
