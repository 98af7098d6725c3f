/**
 * Hosts and the entries that they are served with, for the kinds that have hosts (Route, DomainMapping). `IngressReady` is
 * True only when every entry was taken by its Routes object and old copies in the gateways have run out:
 *
 *     entries written ─▶ delivered ─(settleMs)─▶ IngressReady True
 */
import type { ConditionWish } from "../resource/conditions.ts";
import { jsonEqual } from "../resource/json.ts";
import { clusterLocalHosts } from "../routing/hosts.ts";
import type { EntryDraft, Observed, RouteHost, Settings, Write } from "./observed.ts";

export type EntryPlan = {
  readonly writes: readonly Write[];
  /** A wanted host that another object has: no entry changes until it is free. */
  readonly stolenHost: string | null;
};

/** The writes that leave an object with the wanted entries and no others. */
export function planEntries(
  ownerUid: string,
  wanted: readonly EntryDraft[],
  current: readonly RouteHost[],
  observed: Observed,
): EntryPlan {
  const stolen = wanted.find(({ host }) => (observed.hostOwner(host) ?? ownerUid) !== ownerUid);
  if (stolen !== undefined) return { writes: [], stolenHost: stolen.host };
  const known = new Map(current.map((row) => [row.host, row.entry]));
  const wantedHosts = new Set(wanted.map((entry) => entry.host));
  return {
    stolenHost: null,
    writes: [
      ...wanted
        .filter((entry) => !jsonEqual(known.get(entry.host), entry))
        .map((entry) => ({ type: "entry" as const, routeUid: ownerUid, host: entry.host, entry })),
      ...current
        .filter(({ host }) => !wantedHosts.has(host))
        .map(({ host }) => ({ type: "entry" as const, routeUid: ownerUid, host, entry: null })),
    ],
  };
}

/** The writes that give up every host of an object that is gone. */
export function releaseHosts(ownerUid: string, observed: Observed): Write[] {
  return observed.hostsOf(ownerUid).map(({ host }) => ({ type: "entry", routeUid: ownerUid, host, entry: null }));
}

/** @returns the condition, and when time alone may change it; null = never */
export function ingressReady(
  current: readonly RouteHost[],
  plan: EntryPlan,
  settings: Settings,
): { readonly wish: ConditionWish; readonly lookAgainAtMs: number | null } {
  const type = "IngressReady";
  if (plan.stolenHost !== null) {
    return {
      wish: { type, status: "False", reason: "NotOwned", message: takenMessage(plan.stolenHost) },
      lookAgainAtMs: settings.nowMs + HOST_RETRY_MS,
    };
  }
  const pending = { wish: INGRESS_NOT_CONFIGURED, lookAgainAtMs: null };
  const isGrowing = plan.writes.some((write) => write.type === "entry" && write.entry !== null);
  const deliveries = current.map((row) => row.deliveredAtMs);
  if (isGrowing || deliveries.length === 0 || deliveries.includes(null)) return pending;
  const lookAgainAtMs = Math.max(...deliveries.map((atMs) => atMs ?? 0)) + settings.settleMs;
  if (settings.nowMs < lookAgainAtMs) return { ...pending, lookAgainAtMs };
  return { wish: { type, status: "True" }, lookAgainAtMs: null };
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

/** How soon an object tries again to get a host that another one has. */
const HOST_RETRY_MS = 10_000;
