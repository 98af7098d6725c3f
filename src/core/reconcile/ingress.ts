/**
 * Hosts and the entries that they are served with, for the kinds that have hosts (Route, DomainMapping). `IngressReady` is
 * True only when every entry was taken by its Routes object and old copies in the gateways have run out. That goes for
 * hosts that were given up too: one that became private answers to nobody any more.
 *
 *     entries written ─▶ delivered ─(settleMs)─▶ IngressReady True
 */
import type { ConditionWish } from "../resource/conditions.ts";
import { jsonEqual } from "../resource/json.ts";
import { type KubeObject, keyOf } from "../resource/object.ts";
import { CLUSTER_LOCAL_DOMAIN, clusterLocalHosts } from "../routing/hosts.ts";
import type { EntryDraft, Observed, RouteHost, Settings, Write } from "./observed.ts";

export type EntryPlan = {
  readonly writes: readonly Write[];
  /** A wanted host that another object has, and that this one cannot do without: its own do not change until it is free. */
  readonly stolenHost: string | null;
};

/** The writes that leave an object with the wanted entries and no others; for a host that is not free it waits. */
export function planEntries(
  owner: KubeObject,
  wanted: readonly EntryDraft[],
  current: readonly RouteHost[],
  observed: Observed,
): EntryPlan {
  const ownerUid = owner.metadata.uid;
  const taken = wanted.filter((entry) => isTaken(entry, ownerUid, observed));
  const waits = taken.map(({ host }) => ({ type: "await-host" as const, host, key: keyOf(owner) }));
  const stolen = taken.find((entry) => !isShortName(entry));
  const known = new Map(current.flatMap(({ host, entry }) => (entry === null ? [] : [[host, entry] as const])));
  const wantedHosts = new Set(wanted.map((entry) => entry.host));
  const spare = [...known.keys()].filter((host) => !wantedHosts.has(host));
  const giveUp = (host: string): Write => ({ type: "entry", routeUid: ownerUid, host, entry: null });
  if (stolen !== undefined) {
    // Two that want each other's hosts, as after a change of the domain template, would wait for ever.
    const awaited = spare.filter((host) => observed.isAwaited(host));
    return { writes: [...waits, ...awaited.map(giveUp)], stolenHost: stolen.host };
  }
  return {
    stolenHost: null,
    writes: [
      ...waits,
      ...wanted
        .filter((entry) => !taken.includes(entry) && !jsonEqual(known.get(entry.host), entry))
        .map((entry) => ({ type: "entry" as const, routeUid: ownerUid, host: entry.host, entry })),
      ...spare.map(giveUp),
    ],
  };
}

/** The writes that give up every host of an object that is gone. */
export function releaseHosts(ownerUid: string, observed: Observed): Write[] {
  const held = observed.hostsOf(ownerUid).filter(({ entry }) => entry !== null);
  return held.map(({ host }) => ({ type: "entry", routeUid: ownerUid, host, entry: null }));
}

/** @returns the condition, and the writes that it leads to */
export function ingressReady(
  owner: KubeObject,
  current: readonly RouteHost[],
  plan: EntryPlan,
  settings: Settings,
): { readonly wish: ConditionWish; readonly writes: readonly Write[] } {
  const type = "IngressReady";
  if (plan.stolenHost !== null) {
    const message = takenMessage(plan.stolenHost);
    return { wish: { type, status: "False", reason: "NotOwned", message }, writes: [] };
  }
  const isChanging = plan.writes.some((write) => write.type === "entry");
  const deliveries = current.map((row) => row.deliveredAtMs);
  if (isChanging || deliveries.length === 0 || deliveries.includes(null)) {
    return { wish: INGRESS_NOT_CONFIGURED, writes: [] };
  }
  const settledAtMs = Math.max(...deliveries.map((atMs) => atMs ?? 0)) + settings.settleMs;
  if (settings.nowMs < settledAtMs) {
    return { wish: INGRESS_NOT_CONFIGURED, writes: [{ type: "wake", key: keyOf(owner), atMs: settledAtMs }] };
  }
  const left = current.filter(({ entry }) => entry === null);
  return {
    wish: { type, status: "True" },
    writes: left.map(({ host }) => ({ type: "forget-host", routeUid: owner.metadata.uid, host })),
  };
}

/** Inside the cluster a host is the name of a placeholder Service; another one may be a custom domain. */
function takenMessage(host: string): string {
  const [name = "", namespace = ""] = host.split(".");
  return clusterLocalHosts(name, namespace).includes(host)
    ? `There is an existing placeholder Service ${JSON.stringify(name)} that we do not own.`
    : `The host ${JSON.stringify(host)} is in use by another Route or a DomainMapping.`;
}

export const INGRESS_NOT_CONFIGURED: ConditionWish = {
  type: "IngressReady",
  status: "Unknown",
  reason: "IngressNotConfigured",
  message: "Ingress has not yet been reconciled.",
};

/** Whether another object has the host for good: who has it as a short name only gives way to one who needs it. */
function isTaken(entry: EntryDraft, ownerUid: string, observed: Observed): boolean {
  const holder = observed.hostOwner(entry.host);
  if (holder === null || holder === ownerUid) return false;
  const held = observed.hostsOf(holder).find(({ host }) => host === entry.host)?.entry;
  return isShortName(entry) || !held || !isShortName(held);
}

/** `hello.default` and the like, which only abbreviate a full name, and may be somebody's domain: `example.com`. */
function isShortName({ host, visibility }: EntryDraft): boolean {
  return visibility === "cluster-local" && !host.endsWith(`.${CLUSTER_LOCAL_DOMAIN}`);
}
