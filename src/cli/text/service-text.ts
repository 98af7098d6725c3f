/** Services as text, laid out as kn does it, with what kn cannot know: whether a service sleeps. */
import type { PodView } from "../api/pod-view.ts";
import { revisionsOf, serviceState } from "../api/service-state.ts";
import type { RevisionView, ServiceView, TargetView } from "../api/views.ts";
import { age } from "./age.ts";
import { conditionCount, conditionTable, readyOf, reasons } from "./conditions.ts";
import { generationOf, podTable, revisionAttributes, revisionEntry } from "./revision-text.ts";
import { attributes, type Paint, section } from "./table.ts";
import { reachableUrl } from "./url.ts";

export const SERVICE_COLUMNS = ["NAME", "URL", "STATE", "PODS", "LATEST", "AGE", "CONDITIONS", "READY", "REASON"];
/** Where and when somebody looks. */
export type Viewpoint = {
  /** Of the edge that was asked: where it is this machine's, its port belongs to the services' URLs. */
  readonly edgeUrl: string;
  readonly nowMs: number;
};

export function serviceRow(
  service: ServiceView,
  revisions: readonly RevisionView[],
  { edgeUrl, nowMs }: Viewpoint,
): string[] {
  const { metadata, status } = service;
  const state = serviceState(service, revisions);
  const ready = readyOf(service);
  return [
    metadata.name,
    reachableUrl(status?.url ?? "", edgeUrl),
    state.word,
    `${state.actualPods}/${state.desiredPods}`,
    status?.latestCreatedRevisionName ?? "",
    age(metadata.creationTimestamp, nowMs),
    conditionCount(service),
    ready.status,
    ready.reason ?? "",
  ];
}

/** @param isVerbose shows the revisions without traffic too */
export function describeService(
  service: ServiceView,
  revisions: readonly RevisionView[],
  pods: readonly PodView[],
  { edgeUrl, nowMs, isVerbose, paint }: Viewpoint & { readonly isVerbose: boolean; readonly paint?: Paint },
): string {
  const { metadata, status } = service;
  const state = serviceState(service, revisions);
  return [
    attributes(
      [
        ["Name", metadata.name],
        ["Namespace", metadata.namespace],
        ["Labels", mapText(metadata.labels)],
        ["Annotations", mapText(metadata.annotations)],
        ["Age", age(metadata.creationTimestamp, nowMs)],
        ["URL", reachableUrl(status?.url ?? "", edgeUrl)],
        ["State", state.word],
        ["Pods", `${state.actualPods} there, ${state.desiredPods} wanted`],
      ],
      paint,
    ),
    section("Revisions", revisionEntries(service, revisionsOf(service, revisions), isVerbose, nowMs)),
    section("Pods", podTable(pods)),
    section("Conditions", conditionTable(service, nowMs, paint)),
    section("Reasons", reasons(service)),
  ].join("");
}

/** What people put there; the annotations of programs would hide it. */
function mapText(map: Readonly<Record<string, string>> | undefined): string {
  const own = Object.entries(map ?? {}).filter(([key]) => !/^(serving|client)\.knative\.dev\/|^kubectl\./.test(key));
  return own.map(([key, value]) => `${key}=${value}`).join(", ");
}

/** Revisions with traffic or a tag, and the latest ones; the newest first. */
function revisionEntries(
  service: ServiceView,
  revisions: readonly RevisionView[],
  isVerbose: boolean,
  nowMs: number,
): string {
  const { traffic = [], latestCreatedRevisionName, latestReadyRevisionName } = service.status ?? {};
  const entries = revisions.flatMap((revision) => {
    const { name } = revision.metadata;
    const targets = traffic.filter(({ revisionName }) => revisionName === name);
    const isLatest = name === latestCreatedRevisionName || name === latestReadyRevisionName;
    const shown: readonly (TargetView | undefined)[] =
      targets.length > 0 ? targets : isLatest || isVerbose ? [undefined] : [];
    return shown.map((target) => ({ revision, target }));
  });
  return entries
    .sort((a, b) => Number(generationOf(b.revision)) - Number(generationOf(a.revision)))
    .map(({ revision, target }) => entry(service, revision, target, nowMs))
    .join("\n");
}

function entry(service: ServiceView, revision: RevisionView, target: TargetView | undefined, nowMs: number): string {
  const { status, reason } = readyOf(revision);
  const { name, creationTimestamp } = revision.metadata;
  const details = revisionAttributes(revision).filter(([label]) => label === "Image" || label === "Replicas");
  return revisionEntry(
    bullet(target?.percent ?? 0, status),
    `${headerOf(service, name, target)} [${generationOf(revision)}] (${age(creationTimestamp, nowMs)})`,
    attributes([["Error", status === "False" ? reason : undefined], ...details]),
  );
}

function headerOf({ status }: ServiceView, name: string, target: TargetView | undefined): string {
  const isLatestReady = name === status?.latestReadyRevisionName;
  const isLatestCreated = name === status?.latestCreatedRevisionName;
  const tag = target?.tag === undefined ? "" : ` #${target.tag}`;
  if (target?.latestRevision === true) return `@latest (${name})${tag}`;
  return `${name}${isLatestReady ? " (current @latest)" : isLatestCreated ? " (latest created)" : ""}${tag}`;
}

/** ` 50%`, `   +` (no traffic), ` 50!` (failed), `   ?` (not known yet): always four wide. */
function bullet(percent: number, ready: string): string {
  const symbol = ready === "False" ? "!" : ready !== "True" ? "?" : percent > 0 ? "%" : "+";
  return `${percent > 0 ? percent : ""}${symbol}`.padStart(4);
}
