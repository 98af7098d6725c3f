/** Why a Service is not ready, from below it where the Service itself does not say. */
import type { ApiClient } from "./api-client.ts";
import { nounPath } from "./kinds.ts";
import type { Conditioned, ServiceView } from "./views.ts";

/**
 * What a condition that is not True says, of the first that says anything: the newest Revision, the Configuration, the Service.
 * From below, because what is above only says that it waits for what is below. Where none does, what is waited for.
 *
 *     revision x-00001: Deploying      RouteConflict: …      waiting for revision x-00001
 *
 * An object that cannot be read says nothing: this is asked when something is wrong already.
 */
export async function explainWaiting(client: ApiClient, service: ServiceView): Promise<string> {
  const { namespace, name } = service.metadata;
  const revision = service.status?.latestCreatedRevisionName ?? "";
  for (const [kind, below] of [
    ["Revision", revision],
    ["Configuration", name],
  ] as const) {
    const why = below === "" ? "" : whyNot(await read(client, nounPath(kind, namespace, below)));
    if (why !== "") return `${kind.toLowerCase()} ${below}: ${why}`;
  }
  const own = whyNot(service);
  if (own !== "") return own;
  return revision === "" ? "waiting for its first revision" : `waiting for revision ${revision}`;
}

/** A message says more than a reason, a newer condition more than an older one; "" where none says anything. */
function whyNot({ status }: Conditioned): string {
  const open = (status?.conditions ?? []).filter((each) => each.status !== "True" && each.severity === undefined);
  open.sort((a, b) => ((a.lastTransitionTime ?? "") < (b.lastTransitionTime ?? "") ? 1 : -1));
  const telling = open.find(({ message = "" }) => message !== "") ?? open.find(({ reason = "" }) => reason !== "");
  return [telling?.reason, telling?.message].filter(Boolean).join(": ");
}

async function read(client: ApiClient, path: string): Promise<Conditioned> {
  try {
    const { status, body } = await client.request("GET", path);
    return status === 200 ? (body as Conditioned) : {};
  } catch {
    return {};
  }
}
