/** Revisions as text, as kn lays them out, with their pods. */
import { AUTOSCALING_PREFIX, LABEL_CONFIGURATION_GENERATION, LABEL_SERVICE } from "../../core/resource/annotations.ts";
import type { PodView } from "../api/pod-view.ts";
import type { RevisionView, ServiceView } from "../api/views.ts";
import { age } from "./age.ts";
import { conditionCount, conditionTable, readyOf, reasons } from "./conditions.ts";
import { attributes, indent, type Paint, section, table } from "./table.ts";

export const REVISION_COLUMNS = [
  "NAME",
  "SERVICE",
  "TRAFFIC",
  "TAGS",
  "GENERATION",
  "AGE",
  "CONDITIONS",
  "READY",
  "REASON",
];

/** @param service the one it belongs to, as far as that is there */
export function revisionRow(revision: RevisionView, service: ServiceView | undefined, nowMs: number): string[] {
  const targets = (service?.status?.traffic ?? []).filter(
    ({ revisionName }) => revisionName === revision.metadata.name,
  );
  const percent = targets.reduce((sum, target) => sum + (target.percent ?? 0), 0);
  const ready = readyOf(revision);
  return [
    revision.metadata.name,
    revision.metadata.labels?.[LABEL_SERVICE] ?? "",
    percent === 0 ? "" : `${percent}%`,
    targets.flatMap(({ tag }) => tag ?? []).join(","),
    generationOf(revision),
    age(revision.metadata.creationTimestamp, nowMs),
    conditionCount(revision),
    ready.status,
    ready.reason ?? "",
  ];
}

export function generationOf({ metadata }: RevisionView): string {
  return metadata.labels?.[LABEL_CONFIGURATION_GENERATION] ?? "";
}

export function describeRevision(
  revision: RevisionView,
  pods: readonly PodView[],
  nowMs: number,
  paint?: Paint,
): string {
  const { metadata } = revision;
  return [
    attributes([
      ["Name", metadata.name],
      ["Namespace", metadata.namespace],
      ["Age", age(metadata.creationTimestamp, nowMs)],
      ...revisionAttributes(revision),
      ["Service", metadata.labels?.[LABEL_SERVICE]],
    ]),
    section("Pods", podTable(pods)),
    section("Conditions", conditionTable(revision, nowMs, paint)),
    section("Reasons", reasons(revision)),
  ].join("");
}

/** What a revision runs and how it scales. */
export function revisionAttributes({ metadata, spec, status }: RevisionView): [string, string | undefined][] {
  const container = spec?.containers[0] ?? {};
  const scaling = (name: string) => metadata.annotations?.[`${AUTOSCALING_PREFIX}${name}`];
  const concurrency = spec?.containerConcurrency ?? 0;
  const port = container.ports?.[0]?.containerPort;
  return [
    ["Image", container.image],
    ["Replicas", `${status?.actualReplicas ?? 0}/${status?.desiredReplicas ?? 0}`],
    ["Command", [...(container.command ?? []), ...(container.args ?? [])].join(" ")],
    ["Port", port === undefined ? undefined : String(port)],
    [
      "Env",
      (container.env ?? [])
        .map(({ name, value = "", valueFrom }) => `${name}=${valueFrom ? "[ref]" : value}`)
        .join(", "),
    ],
    ["EnvFrom", (container.envFrom ?? []).map(sourceText).join(", ")],
    ["Scale", scaleText(scaling("min-scale"), scaling("max-scale"))],
    ["Limit", concurrency === 0 ? undefined : `${concurrency} requests at once`],
    ["Target", scaling("target")],
    ["Window", scaling("window")],
    ["Memory", rangeText(container.resources?.requests?.memory, container.resources?.limits?.memory)],
    ["CPU", rangeText(container.resources?.requests?.cpu, container.resources?.limits?.cpu)],
  ];
}

function sourceText(source: { configMapRef?: { name: string }; secretRef?: { name: string } }): string {
  return source.secretRef === undefined ? `cm:${source.configMapRef?.name ?? ""}` : `secret:${source.secretRef.name}`;
}

function scaleText(min: string | undefined, max: string | undefined): string | undefined {
  return min === undefined && max === undefined ? undefined : `${min ?? "0"} ... ${max ?? "∞"}`;
}

function rangeText(request: string | undefined, limit: string | undefined): string | undefined {
  return request !== undefined && limit !== undefined ? `${request} ... ${limit}` : (request ?? limit);
}

export function podTable(pods: readonly PodView[]): string {
  return table(pods.map(({ podId, revision, state, logPath }) => [revision, podId, state, logPath ?? ""]));
}

/** `  100%  @latest (hello-00001) [1] (2m)`, with what it runs below. */
export function revisionEntry(bullet: string, header: string, lines: string): string {
  return `${bullet}  ${header}${lines === "" ? "" : `\n${indent(lines, " ".repeat(bullet.length + 2))}`}`;
}
