/** The reconciler of each kind. */
import type { DomainMapping } from "../resource/domain-mapping.ts";
import type { KubeObject } from "../resource/object.ts";
import type { Configuration, Revision, Route, Service } from "../resource/serving.ts";
import { reconcileConfiguration } from "./configuration.ts";
import { reconcileDeletion } from "./deletion.ts";
import { reconcileDomainMapping } from "./domain-mapping.ts";
import { eventsOf } from "./events.ts";
import { collectRevisions } from "./gc.ts";
import { releaseHosts } from "./ingress.ts";
import type { Observed, Settings, Write } from "./observed.ts";
import { reconcilePlaceholders } from "./placeholder-services.ts";
import { reconcileRevision } from "./revision.ts";
import { reconcileRoute } from "./route.ts";
import { reconcileService } from "./service.ts";

/** The writes that bring the world closer to an object's spec; none when it is there. */
export function reconcile(object: KubeObject, observed: Observed, settings: Settings): Write[] {
  if (object.metadata.deletionTimestamp !== undefined) return reconcileDeletion(object, observed, settings);
  const writes = reconcileKind(object, observed, settings);
  return [...writes, ...eventsOf(object, writes)];
}

function reconcileKind(object: KubeObject, observed: Observed, settings: Settings): Write[] {
  switch (object.kind) {
    case "Service":
      return reconcileService(object as Service, observed, settings);
    case "Configuration":
      return [
        ...reconcileConfiguration(object as Configuration, observed, settings),
        ...collectRevisions(object as Configuration, observed, settings),
      ];
    case "Route":
      return reconcileRouteAndPlaceholders(object as Route, observed, settings);
    case "Revision":
      return reconcileRevision(object as Revision, observed, settings);
    case "DomainMapping":
      return reconcileDomainMapping(object as DomainMapping, observed, settings);
    case "CoreService":
    case "ConfigMap":
    case "Secret":
    case "Namespace":
    case "Event":
      return [];
  }
}

function reconcileRouteAndPlaceholders(route: Route, observed: Observed, settings: Settings): Write[] {
  const writes = reconcileRoute(route, observed, settings);
  const status = writes.find((write) => write.type === "update-status");
  const updated = status?.type === "update-status" ? (status.object as Route) : route;
  return [...writes, ...reconcilePlaceholders(updated, observed, settings)];
}

/** The writes that follow from an object's removal, besides the cascade to what it owns. */
export function release(object: KubeObject, observed: Observed): Write[] {
  return object.kind === "Route" || object.kind === "DomainMapping" ? releaseHosts(object.metadata.uid, observed) : [];
}
