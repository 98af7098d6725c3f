/** Why a Service is not ready, from below it where the Service itself does not say. */
import type { ApiClient } from "./api-client.ts";
import { nounPath } from "./kinds.ts";
import type { Condition, Conditioned, ServiceView } from "./views.ts";

/**
 * The first that gives a reason: the Service's Ready, its newest other condition that is not True, those of its Configuration,
 * those of its newest Revision. Where none does, what is waited for.
 *
 *     RevisionMissing: Configuration "x" is waiting for …      revision x-00001: Deploying      waiting for revision x-00001
 *
 * An object that cannot be read says nothing: this is asked when something is wrong already.
 */
export async function explainWaiting(client: ApiClient, service: ServiceView): Promise<string> {
  const own = whyNot(service);
  if (own !== "") return own;
  const { namespace, name } = service.metadata;
  const revision = service.status?.latestCreatedRevisionName ?? "";
  for (const [kind, below] of [
    ["Configuration", name],
    ["Revision", revision],
  ] as const) {
    const why = below === "" ? "" : whyNot(await read(client, nounPath(kind, namespace, below)));
    if (why !== "") return `${kind.toLowerCase()} ${below}: ${why}`;
  }
  return revision === "" ? "waiting for its first revision" : `waiting for revision ${revision}`;
}

/** "" where no condition says anything. */
function whyNot({ status }: Conditioned): string {
  const open = (status?.conditions ?? []).filter((each) => each.status !== "True" && each.severity === undefined);
  const since = ({ type, lastTransitionTime = "" }: Condition) => (type === "Ready" ? "~" : lastTransitionTime);
  return (
    open
      .sort((a, b) => (since(a) < since(b) ? 1 : -1))
      .map(({ reason, message }) => [reason, message].filter(Boolean).join(": "))
      .find((text) => text !== "") ?? ""
  );
}

async function read(client: ApiClient, path: string): Promise<Conditioned> {
  try {
    const { status, body } = await client.request("GET", path);
    return status === 200 ? (body as Conditioned) : {};
  } catch {
    return {};
  }
}
