/**
 * Route → a core Service per name under which it answers inside the cluster: its own, and one for each tag. Nothing runs
 * behind them: they hold the names, tell where they lead, and hide a target that somebody labels cluster-local.
 *
 *     hello         externalName hello.default.example.com
 *     green-hello   externalName green-hello.default.example.com
 *
 * Source: serving/pkg/reconciler/route/resources/service.go, reconcile_resources.go
 */
import type { NetworkConfig } from "../config/network-config.ts";
import { LABEL_ROUTE, LABEL_VISIBILITY, without } from "../resource/annotations.ts";
import type { CoreServiceSpec } from "../resource/core-service.ts";
import { controllerReference, type Draft, isControlledBy, keyOf } from "../resource/object.ts";
import type { Route } from "../resource/serving.ts";
import { CLUSTER_LOCAL_DOMAIN, hostOf } from "../routing/hosts.ts";
import { targetName } from "../routing/route-hosts.ts";
import { ensureChild } from "./child.ts";
import type { EntryPlan } from "./ingress.ts";
import type { Observed, Settings, Write } from "./observed.ts";

/** @param route with the status that it is about to have; without traffic in it nothing is assigned yet */
export function reconcilePlaceholders(route: Route, observed: Observed, { config }: Settings): Write[] {
  const { namespace = "", uid } = route.metadata;
  const wanted = makePlaceholders(route, config.network);
  const names = new Set(wanted.map(({ metadata }) => metadata.name));
  const kept = wanted.flatMap((draft) => {
    const existing = observed.get("CoreService", namespace, draft.metadata.name);
    const { labels, annotations } = existing?.metadata ?? {};
    const metadata = {
      ...draft.metadata,
      // What is on it stays on it: a label that hides the target is its user's.
      labels: { ...labels, ...draft.metadata.labels },
      annotations: { ...annotations, ...draft.metadata.annotations },
    };
    return ensureChild(route, { ...draft, metadata }, existing).writes;
  });
  const orphaned = observed
    .owned(uid)
    .filter(({ kind, metadata }) => kind === "CoreService" && !names.has(metadata.name))
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  return [...kept, ...orphaned.map((object) => ({ type: "delete" as const, object }))];
}

/**
 * Somebody else's Service under the name of a target: the route changes nothing before that is gone.
 * @returns null when there is none
 */
export function foreignPlaceholder(
  route: Route,
  targets: readonly { readonly name: string }[],
  observed: Observed,
): EntryPlan | null {
  const { namespace = "" } = route.metadata;
  const foreign = targets.find(({ name }) => {
    const existing = observed.get("CoreService", namespace, name);
    return existing !== null && !isControlledBy(existing, route);
  });
  if (foreign === undefined) return null;
  const host = hostOf(foreign.name, namespace, CLUSTER_LOCAL_DOMAIN);
  return { writes: [{ type: "await-host", host, key: keyOf(route) }], stolenHost: host };
}

function makePlaceholders(route: Route, network: NetworkConfig): Draft[] {
  const { traffic = [], url = "" } = route.status ?? {};
  if (traffic.length === 0) return [];
  const targets = [{ tag: "", url }, ...traffic.map(({ tag = "", url = "" }) => ({ tag, url }))];
  const urls = new Map<string, string>();
  for (const target of targets) {
    const name = targetName(route.metadata.name, target.tag, network);
    if (name.ok && !urls.has(name.text)) urls.set(name.text, target.url);
  }
  return [...urls].map(([name, leadsTo]) => makePlaceholder(route, name, leadsTo.replace(/^https?:\/\//, "")));
}

function makePlaceholder(route: Route, name: string, host: string): Draft {
  const { namespace = "", labels, annotations = {} } = route.metadata;
  const spec: CoreServiceSpec = {
    type: "ExternalName",
    externalName: host,
    sessionAffinity: "None",
    ports: [{ name: "http2", port: 80, protocol: "TCP", targetPort: 80 }],
  };
  return {
    apiVersion: "v1",
    kind: "CoreService",
    metadata: {
      name,
      namespace,
      labels: { ...without(labels, LABEL_VISIBILITY), [LABEL_ROUTE]: route.metadata.name },
      annotations,
      ownerReferences: [controllerReference(route)],
    },
    spec,
  };
}
