/**
 * Who serves a revision, its pods or the activator, as Knative's ServerlessService. The activator is the Revision object
 * itself, so there is always one.
 * Source: networking/pkg/apis/networking/v1alpha1/serverlessservice_{types,lifecycle}.go, serving/pkg/reconciler/serverlessservice
 */
import { type Condition, nextConditions } from "../resource/conditions.ts";
import { changedAtMs, metadataBelow, ownedByAutoscaler, privateServiceName } from "./pod-autoscaler.ts";
import { deploymentName, podName, type RevisionFacts } from "./revision-facts.ts";
import { derivedUid, type ViewObject, versioned } from "./view-object.ts";

const KIND = "ServerlessService";

export function serverlessServiceView(revision: RevisionFacts): ViewObject {
  const { metadata, observation } = revision;
  const { name } = metadata;
  return versioned({
    apiVersion: "networking.internal.knative.dev/v1alpha1",
    kind: KIND,
    metadata: {
      ...metadataBelow(metadata, derivedUid(KIND, metadata.uid)),
      ownerReferences: [ownedByAutoscaler(metadata)],
    },
    spec: {
      mode: modeOf(revision),
      objectRef: { apiVersion: "apps/v1", kind: "Deployment", name: deploymentName(name) },
      protocolType: revision.protocol,
      numActivators: 1,
    },
    status: {
      observedGeneration: 1,
      conditions: conditions(revision),
      serviceName: name,
      privateServiceName: privateServiceName(name),
      // Not upstream's: there the pods are in Endpoints objects of the two services.
      endpoints: (observation?.readyPods ?? []).map((podId) => ({ pod: podName(name, podId), uid: podId })),
    },
  });
}

/** An observation of the version before tells no mode: without pods only the activator can serve. */
function modeOf({ observation }: RevisionFacts): "Proxy" | "Serve" {
  return observation?.mode ?? ((observation?.actualScale ?? 0) > 0 ? "Serve" : "Proxy");
}

function conditions(revision: RevisionFacts): Condition[] {
  const hasEndpoints = (revision.observation?.actualScale ?? 0) > 0;
  return nextConditions(
    undefined,
    [
      {
        type: "ActivatorEndpointsPopulated",
        status: modeOf(revision) === "Proxy" || !hasEndpoints ? "True" : "False",
        reason: "ActivatorEndpointsPopulated",
        message: "Revision is backed by Activator",
        isInformational: true,
      },
      hasEndpoints
        ? { type: "EndpointsPopulated", status: "True" }
        : {
            type: "EndpointsPopulated",
            status: "Unknown",
            reason: "NoHealthyBackends",
            message: "K8s Service is not ready",
          },
    ],
    changedAtMs(revision),
  );
}
