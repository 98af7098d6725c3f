/** Kinds that are computed when they are asked for: pods, nodes and what the autoscaler wants. */
import type { Outcome } from "../../core/protocol/control-plane.ts";
import type { RevisionDescription } from "../../core/protocol/objects.ts";
import type { ViewType } from "../../core/resource/resource-type.ts";
import { nodeViews } from "../../core/view/node.ts";
import { podAutoscalerView } from "../../core/view/pod-autoscaler.ts";
import type { RevisionFacts } from "../../core/view/revision-facts.ts";
import { serverlessServiceView } from "../../core/view/serverless-service.ts";
import type { ViewObject } from "../../core/view/view-object.ts";
import { type ApiEnv, controlPlaneOf } from "./environment.ts";
import { withDeadline } from "./view-deadline.ts";
import { listPods } from "./view-pods.ts";
import { listRevisions } from "./view-revisions.ts";

/** All objects of a view, before selectors. @param namespace null = all */
export async function listView(
  env: ApiEnv,
  type: ViewType,
  namespace: string | null,
): Promise<Outcome<readonly ViewObject[]>> {
  return { ok: true, value: await viewsOf(env, type, namespace) };
}

/** One object of a view; null when there is none. Of a revision's state it tells what its object knows at this moment. */
export async function getView(
  env: ApiEnv,
  type: ViewType,
  namespace: string,
  name: string,
): Promise<Outcome<ViewObject | null>> {
  const view = REVISION_VIEWS[type.kind];
  if (view === undefined) {
    const objects = await viewsOf(env, type, type.isNamespaced ? namespace : null);
    return { ok: true, value: objects.find(({ metadata }) => metadata.name === name) ?? null };
  }
  const [revision] = await listRevisions(env, { by: "namespace", namespace, name });
  return { ok: true, value: revision === undefined ? null : view(await withLiveState(env, revision)) };
}

type RevisionView = (revision: RevisionFacts) => ViewObject;

const REVISION_VIEWS: Readonly<Partial<Record<ViewType["kind"], RevisionView>>> = {
  PodAutoscaler: podAutoscalerView,
  ServerlessService: serverlessServiceView,
};

async function viewsOf(env: ApiEnv, type: ViewType, namespace: string | null): Promise<readonly ViewObject[]> {
  switch (type.kind) {
    case "Pod":
      return listPods(env, namespace);
    case "Node":
      return nodeViews(await controlPlaneOf(env).describeAgents());
    case "PodAutoscaler":
    case "ServerlessService": {
      const revisions = await listRevisions(env, { by: "namespace", namespace });
      return revisions.map(type.kind === "PodAutoscaler" ? podAutoscalerView : serverlessServiceView);
    }
    case "CustomResourceDefinition":
      return [];
  }
}

/** A revision that was never observed has no object worth asking. */
async function withLiveState(env: ApiEnv, revision: RevisionFacts): Promise<RevisionFacts> {
  if (revision.observation === null) return revision;
  const live = await withDeadline(env.REVISION.getByName(revision.metadata.uid).describe());
  // An object that was never told of its revision knows nothing.
  if (live === null || live.revisionUid === "") return revision;
  return { ...revision, observation: { ...revision.observation, ...liveState(live) } };
}

function liveState({ mode, desiredScale, actualScale, pods }: RevisionDescription) {
  const readyPods = pods.filter(({ state }) => state === "ready").map(({ podId }) => podId);
  return { mode, desiredScale, actualScale, readyPods };
}
