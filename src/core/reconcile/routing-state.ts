/**
 * The routing state of a Revision: whether requests may reach it.
 *
 *     a Route reaches it                         → active
 *     none does, it was active, routes settled   → reserve
 *     none does, it was active, a Route moves or
 *       an entry of it is younger than settleMs  → active still: the gateways may use the entry before it
 *     none ever did                              → pending
 *
 * Source: serving/pkg/reconciler/labeler
 */
import {
  ANNOTATION_ROUTES,
  ANNOTATION_ROUTING_STATE_MODIFIED,
  LABEL_CONFIGURATION,
  LABEL_ROUTING_STATE,
  without,
} from "../resource/annotations.ts";
import { readiness } from "../resource/conditions.ts";
import { keyOf, type ObjectMeta } from "../resource/object.ts";
import type { Revision, Route } from "../resource/serving.ts";
import { timestampOf } from "../resource/timestamp.ts";
import type { Observed, Settings } from "./observed.ts";
import { routesAnnotation } from "./references.ts";

/** How often to look whether an entry was delivered of a Route that will not change when it is. */
const DELIVERY_LOOK_MS = 1_000;

/** @returns the metadata that says it, and when that may have to change though no object does; null = never */
export function routingState(
  revision: Revision,
  observed: Observed,
  settings: Settings,
): { readonly metadata: ObjectMeta; readonly settlesAtMs: number | null } {
  const { metadata } = revision;
  const routes = routesTo(revision, observed);
  const before = metadata.labels?.[LABEL_ROUTING_STATE] ?? "pending";
  if (routes.length === 0) {
    const left = routesAnnotation(revision).flatMap(
      (name) => observed.get("Route", metadata.namespace ?? "", name) ?? [],
    );
    // Its change will wake the revision.
    if (left.some((route) => readiness(route) === "Unknown")) return { metadata, settlesAtMs: null };
    const settlesAtMs = Math.max(...left.map((route) => entriesSettleAtMs(route, observed, settings)));
    if (settlesAtMs > settings.nowMs) return { metadata, settlesAtMs };
  }
  const state = routes.length > 0 ? "active" : before === "pending" ? "pending" : "reserve";
  const next = {
    ...metadata,
    labels: { ...metadata.labels, [LABEL_ROUTING_STATE]: state },
    annotations: {
      ...without(metadata.annotations, ANNOTATION_ROUTES),
      ...(routes.length === 0 ? {} : { [ANNOTATION_ROUTES]: routes.join(",") }),
      ...(state === before ? {} : { [ANNOTATION_ROUTING_STATE_MODIFIED]: timestampOf(settings.nowMs) }),
    },
  };
  return { metadata: next, settlesAtMs: null };
}

/**
 * When no gateway uses an entry from before the newest ones. A Route says so itself unless it is not Ready for another
 * reason, such as a target that is gone.
 */
function entriesSettleAtMs(route: Route, observed: Observed, { nowMs, settleMs }: Settings): number {
  const times = observed
    .hostsOf(route.metadata.uid)
    .map(({ deliveredAtMs }) => (deliveredAtMs === null ? nowMs + DELIVERY_LOOK_MS : deliveredAtMs + settleMs));
  return Math.max(...times);
}

/** Names of the Routes that use this revision, or whose configuration will make them use it once it is ready. */
function routesTo(revision: Revision, observed: Observed): string[] {
  const namespace = revision.metadata.namespace ?? "";
  const configurationName = revision.metadata.labels?.[LABEL_CONFIGURATION] ?? "";
  const configuration = configurationName === "" ? null : observed.get("Configuration", namespace, configurationName);
  const isNewest = configuration?.status?.latestCreatedRevisionName === revision.metadata.name;
  const keys = [
    ...observed.referrers(keyOf(revision)),
    ...(configuration !== null && isNewest ? observed.referrers(keyOf(configuration)) : []),
  ];
  return [...new Set(keys.filter((key) => key.kind === "Route").map((key) => key.name))].sort();
}
