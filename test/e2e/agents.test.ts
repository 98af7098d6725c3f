/** An edge without agents, and machines that join and leave it. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { app, hostOf, QUICK_AUTOSCALER } from "./fixtures/services.ts";
import { dataPlane, waitForZero } from "./harness/data-plane.ts";
import { joinAgent, type RemoteAgent } from "./harness/remote-agent.ts";
import { type Rouse, startRouse } from "./harness/rouse.ts";
import { until } from "./harness/until.ts";

let rouse: Rouse;
const agents: RemoteAgent[] = [];

beforeAll(async () => {
  rouse = await startRouse({ agents: 0 });
  await rouse.apply(QUICK_AUTOSCALER);
});
afterAll(async () => {
  for (const agent of agents) await agent.stop();
  await rouse.stop();
});

type Condition = { type: string; status: string; reason?: string; message?: string };

async function resourcesAvailable(name: string): Promise<Condition | undefined> {
  const answer = await rouse.api(`/apis/serving.knative.dev/v1/namespaces/default/revisions/${name}-00001`);
  const { status } = answer.body as { status?: { conditions?: Condition[] } };
  return status?.conditions?.find((condition) => condition.type === "ResourcesAvailable");
}

async function addAgent(name: string): Promise<RemoteAgent> {
  const agent = await joinAgent(rouse, name, mkdtempSync(join(tmpdir(), `rouse-agent-${name}-`)));
  agents.push(agent);
  return agent;
}

describe("a service that no machine can run", () => {
  it("says so in its conditions, and starts by itself when an agent joins", async () => {
    await rouse.apply(app("lonely"));
    const condition = await until(
      "Unschedulable",
      async () => {
        const found = await resourcesAvailable("lonely");
        return found?.status === "False" ? found : null;
      },
      { timeoutMs: 25_000 },
    );
    expect(condition.reason).toBe("Unschedulable");
    expect(condition.message).toContain("rouse agent");
    await addAgent("first");
    await rouse.waitReady("lonely");
    expect((await rouse.request(hostOf("lonely"), "/")).status).toBe(200);
  });

  it("answers 503 with Retry-After and the reason when its only agent has gone, and works with the next one", async () => {
    await waitForZero(rouse, "lonely");
    await agents[0]?.stop();
    const answer = await rouse.request(hostOf("lonely"), "/");
    expect(answer.status).toBe(503);
    expect(answer.headers["retry-after"]).toBe("5");
    expect(answer.tookMs).toBeLessThan(18_000);
    expect(JSON.parse(answer.body)).toMatchObject({ code: "UNSCHEDULABLE" });
    expect((await resourcesAvailable("lonely"))?.reason).toBe("Unschedulable");
    await addAgent("second");
    await until("ResourcesAvailable True", async () =>
      (await resourcesAvailable("lonely"))?.status === "True" ? true : null,
    );
    expect((await rouse.request(hostOf("lonely"), "/")).status).toBe(200);
  });
});

describe("a machine that leaves", () => {
  it("has its pods replaced on another one at once, and stops them itself", async () => {
    await rouse.apply(app("moving", { annotations: { "autoscaling.knative.dev/min-scale": "2" } }));
    await addAgent("third");
    await rouse.waitReady("moving");
    await until("two ready pods", async () => ((await readyPods("moving")).length === 2 ? true : null));
    const [leaver] = agents.slice(1);
    if (leaver === undefined) throw new Error("the second agent runs");
    await leaver.stop();
    const pods = await until("two pods on the last machine", async () => {
      const ready = await readyPods("moving");
      return ready.length === 2 && new Set(ready.map((pod) => pod.agentUid)).size === 1 ? ready : null;
    });
    expect(pods).toHaveLength(2);
    expect((await rouse.request(hostOf("moving"), "/")).status).toBe(200);
  });
});

async function readyPods(name: string) {
  return (await dataPlane(rouse, name)).pods.filter((pod) => pod.state === "ready");
}
