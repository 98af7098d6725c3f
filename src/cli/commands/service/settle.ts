/** What follows a write of a Service: waiting until it is ready, and telling where it is, in kn's words. */
import type { ApiClient } from "../../api/api-client.ts";
import { getObject } from "../../api/objects.ts";
import { readinessOf } from "../../api/service-view.ts";
import type { ServiceView } from "../../api/views.ts";
import { reasonOf, waitForReady } from "../../api/wait-ready.ts";
import { interruption } from "../../interrupt.ts";
import { firstLine } from "../../text/conditions.ts";
import { isMachine, machineText, type OutputFlags } from "../../text/machine.ts";
import { Progress } from "../../text/progress.ts";
import { urlOf } from "../../text/url.ts";
import type { WaitFlags } from "./wait-options.ts";

export type Settling = {
  readonly namespace: string;
  readonly name: string;
  /** e.g. `Creating service`. */
  readonly doing: string;
  /** e.g. `created`. */
  readonly done: string;
  /** The latest ready revision before; the same one after is `(unchanged)`. */
  readonly revisionBefore?: string;
};

/** Where a program reads stdout, what is for people goes to stderr. */
export function teller({ output }: OutputFlags): (line: string) => void {
  return isMachine(output) ? (line) => console.error(line) : (line) => console.log(line);
}

export async function settle(client: ApiClient, what: Settling, flags: WaitFlags & OutputFlags): Promise<void> {
  const { namespace, name, doing, done } = what;
  const tell = teller(flags);
  if (!flags.wait) {
    tell(`Service '${name}' ${done} in namespace '${namespace}'.`);
    return showResult(client, what, flags, null);
  }
  // Before the first line: whoever reads it may interrupt at once.
  const bounds = boundsOf(flags);
  tell(`${doing} '${name}' in namespace '${namespace}':\n`);
  const progress = new Progress(tell, () => performance.now());
  const service = await waitForReady(client, namespace, name, {
    ...bounds,
    // The last output of a pod that failed is in the message; it belongs into the error, once.
    onMessage: (message) => progress.say(firstLine(message)),
  });
  progress.say("Ready to serve.");
  tell("");
  const revision = service.status?.latestReadyRevisionName ?? "";
  tell(
    revision === what.revisionBefore
      ? `Service '${name}' with latest revision '${revision}' (unchanged) is available at URL:`
      : `Service '${name}' ${done} to latest revision '${revision}' is available at URL:`,
  );
  tell(urlOf(service, client.edgeUrl));
  return showResult(client, what, flags, service);
}

/** For a write that changed nothing: the service may still be on its way, or have failed before. */
export async function tellUnchanged(
  client: ApiClient,
  { namespace, name }: Pick<Settling, "namespace" | "name">,
  flags: WaitFlags & OutputFlags,
): Promise<void> {
  const tell = teller(flags);
  const bounds = flags.wait ? boundsOf(flags) : null;
  tell(`No changes to apply to service '${name}'.`);
  const service =
    bounds === null
      ? await getObject<ServiceView>(client, "Service", namespace, name)
      : await waitForReady(client, namespace, name, bounds);
  if (readinessOf(service).state !== "ready") {
    tell(`Service '${name}' is not ready: ${await reasonOf(client, service)}`);
    return showResult(client, { namespace, name }, flags, service);
  }
  const revision = service.status?.latestReadyRevisionName ?? "";
  tell(`Service '${name}' with latest revision '${revision}' (unchanged) is available at URL:`);
  tell(urlOf(service, client.edgeUrl));
  return showResult(client, { namespace, name }, flags, service);
}

function boundsOf({ waitTimeout, waitWindow }: WaitFlags) {
  return { timeoutMs: waitTimeout * 1_000, windowMs: waitWindow * 1_000, signal: interruption() };
}

async function showResult(
  client: ApiClient,
  { namespace, name }: Pick<Settling, "namespace" | "name">,
  { output }: OutputFlags,
  known: ServiceView | null,
): Promise<void> {
  if (!isMachine(output)) return;
  const service = known ?? (await getObject<ServiceView>(client, "Service", namespace, name));
  console.log(machineText(output, "Service", service, () => urlOf(service, client.edgeUrl)));
}
