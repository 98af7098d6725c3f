/** What a revision's object knows, read through the API. */
import type { AgentDescription, RevisionDescription } from "../../../src/core/protocol/objects.ts";
import type { Rouse } from "./rouse.ts";
import { until } from "./until.ts";

/** @param service its first revision is meant unless `revision` is given */
export async function dataPlane(
  rouse: Rouse,
  service: string,
  revision = `${service}-00001`,
): Promise<RevisionDescription> {
  const answer = await rouse.api(`/rouse/v1/namespaces/default/revisions/${revision}`);
  if (answer.status !== 200) throw new Error(`${revision}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body as RevisionDescription;
}

/** The port on which the first agent takes requests from the edge. */
export async function dataPort(rouse: Rouse): Promise<number> {
  const agents = (await rouse.api("/rouse/v1/agents")).body as { items: { agentUid: string }[] };
  const agent = (await rouse.api(`/rouse/v1/agents/${agents.items[0]?.agentUid}`)).body as AgentDescription;
  return Number(new URL(agent.dataUrl ?? "").port);
}

/** Waits until the service has no pod and its object no timer. */
export async function waitForZero(rouse: Rouse, service: string, timeoutMs = 60_000): Promise<void> {
  let last: RevisionDescription | undefined;
  await until(
    `${service} at zero`,
    async () => {
      last = await dataPlane(rouse, service);
      return last.pods.length === 0 && !last.hasTimer ? true : null;
    },
    { timeoutMs, everyMs: 100 },
  ).catch((error: Error) => {
    throw new Error(`${error.message}; it is ${JSON.stringify(last)}`);
  });
}
