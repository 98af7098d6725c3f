import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findResourceType, type ViewType } from "../../../src/core/resource/resource-type.ts";
import type { ApiEnv } from "../../../src/worker/api/environment.ts";
import { getView, listView } from "../../../src/worker/api/views.ts";
import { OriginAgent } from "../../durable/fakes/origin-agent.ts";
import { call, condition, eventually, get, type Json, post, SERVING, serviceBody } from "./client.ts";

const PODS = "/api/v1/namespaces/default/pods";
const AUTOSCALERS = "/apis/autoscaling.internal.knative.dev/v1alpha1/namespaces/default/podautoscalers";
const SKS = "/apis/networking.internal.knative.dev/v1alpha1/namespaces/default/serverlessservices";
const SECRET = "hunter2-hunter2";

let agent: OriginAgent;
beforeAll(async () => {
  agent = await OriginAgent.start("views-agent", { name: "Box One", labels: { zone: "a" } });
});
afterAll(() => agent.stop());

/** @returns once its pod is ready */
async function serve(name: string): Promise<Json> {
  const body = serviceBody(name, { labels: { tier: "web" } });
  body.spec.template.spec.containers[0].env = [{ name: "PASSWORD", value: SECRET }];
  expect((await post(`${SERVING}/services`, body)).status).toBe(201);
  return eventually(
    `${SERVING}/revisions/${name}-00001`,
    (revision) => condition(revision, "Ready")?.status === "True",
  );
}

async function podOf(name: string, isWished: (pod: Json) => boolean = () => true): Promise<Json> {
  const list = await eventually(`${PODS}?labelSelector=serving.knative.dev/service%3D${name}`, ({ items }) =>
    items.some(isWished),
  );
  return list.items.find(isWished);
}

describe("pods", () => {
  test("are those of the agents, with the names and labels of their revision", async () => {
    const revision = await serve("seen");
    const pod = await podOf("seen", ({ status }) => status.phase === "Running");
    expect(pod.metadata.name).toBe(`seen-00001-deployment-${pod.metadata.uid.slice(0, 8)}`);
    expect(pod.metadata.labels).toMatchObject({
      "serving.knative.dev/service": "seen",
      "serving.knative.dev/revision": "seen-00001",
      "serving.knative.dev/revisionUID": revision.metadata.uid,
      app: "seen-00001",
      tier: "web",
    });
    expect(pod.metadata.labels).not.toHaveProperty("serving.knative.dev/routingState");
    expect(pod.spec.nodeName).toBe("box-one");
    expect(pod.status.containerStatuses.map((each: Json) => [each.name, each.ready])).toEqual([
      ["user-container", true],
      ["queue-proxy", true],
    ]);
    expect(Math.abs(Date.parse(pod.metadata.creationTimestamp) - Date.now())).toBeLessThan(60_000);
    expect((await get(`${PODS}/${pod.metadata.name}`)).body.metadata.uid).toBe(pod.metadata.uid);
  });

  test("keep their resourceVersion until something changes", async () => {
    await serve("still");
    const before = await podOf("still", ({ status }) => status.phase === "Running");
    expect((await podOf("still")).metadata.resourceVersion).toBe(before.metadata.resourceVersion);
  });

  test("tell nothing of their environment, and neither does their agent", async () => {
    await serve("quiet");
    await podOf("quiet");
    const answers = [await get(PODS), await get("/rouse/v1/agents/views-agent")];
    expect(JSON.stringify(answers[0]?.body)).toContain("quiet-00001");
    expect(JSON.stringify(answers[1]?.body)).toContain("quiet-00001");
    expect(JSON.stringify(answers)).not.toContain(SECRET);
  });

  test("of another namespace are not in the list", async () => {
    expect((await get("/api/v1/namespaces/elsewhere/pods")).body.items).toEqual([]);
    await serve("spread");
    await podOf("spread");
    expect((await get("/api/v1/pods")).body.items.length).toBeGreaterThan(0);
  });

  test("of an agent that does not answer are left out, and the list stays", async () => {
    const broken = { getByName: () => ({ describe: () => Promise.reject(new Error("overloaded")) }) };
    const outcome = await listView(
      { ...(env as unknown as ApiEnv), AGENT: broken as never },
      view("", "v1", "pods"),
      null,
    );
    expect(outcome).toEqual({ ok: true, value: [] });
  });
});

test("nodes are the agents", async () => {
  const node = await eventually("/api/v1/nodes/box-one", ({ kind }) => kind === "Node");
  expect(node).toMatchObject({
    metadata: { uid: "views-agent", labels: { zone: "a" } },
    status: { capacity: { pods: "10", cpu: "4" }, conditions: [{ type: "Ready", status: "True" }] },
  });
  expect((await get("/api/v1/nodes/nobody")).status).toBe(404);
});

describe("the views of a revision", () => {
  test("tell its scale and what serves it", async () => {
    await serve("scaled");
    const autoscaler = await eventually(`${AUTOSCALERS}/scaled-00001`, ({ status }) => status?.actualScale === 1);
    expect(autoscaler.spec).toMatchObject({
      scaleTargetRef: { name: "scaled-00001-deployment" },
      reachability: "Reachable",
    });
    expect(autoscaler.status.desiredScale).toBe(1);
    expect(condition(autoscaler, "Ready").status).toBe("True");
    const pod = await podOf("scaled");
    const sks = await eventually(`${SKS}/scaled-00001`, ({ status }) => status?.endpoints?.length === 1);
    expect(sks.status.endpoints).toEqual([{ pod: pod.metadata.name, uid: pod.metadata.uid }]);
    expect(["Proxy", "Serve"]).toContain(sks.spec.mode);
  });

  test("are listed without asking any Revision object", async () => {
    await serve("asleep");
    const silent = { getByName: () => expect.fail("a Revision object was woken") };
    for (const [group, plural] of [
      ["autoscaling.internal.knative.dev", "podautoscalers"],
      ["networking.internal.knative.dev", "serverlessservices"],
    ] as const) {
      const outcome = await listView(
        { ...(env as unknown as ApiEnv), REVISION: silent as never },
        view(group, "v1alpha1", plural),
        "default",
      );
      expect(outcome.ok && outcome.value.map(({ metadata }) => metadata.name)).toContain("asleep-00001");
    }
  });

  test("of one revision fall back on what is stored when its object does not answer", async () => {
    await serve("stuck");
    const broken = { getByName: () => ({ describe: () => Promise.reject(new Error("overloaded")) }) };
    const outcome = await getView(
      { ...(env as unknown as ApiEnv), REVISION: broken as never },
      view("autoscaling.internal.knative.dev", "v1alpha1", "podautoscalers"),
      "default",
      "stuck-00001",
    );
    expect(outcome.ok && outcome.value?.status).toMatchObject({ actualScale: 1 });
  });

  test("that is not there are not found", async () => {
    expect((await get(`${AUTOSCALERS}/nobody`)).status).toBe(404);
    expect((await call("DELETE", `${SKS}/nobody`)).status).toBe(405);
  });
});

test("an agent that never joined is not found, and no object is made for it", async () => {
  expect((await get("/rouse/v1/agents/made-up")).status).toBe(404);
});

function view(group: string, version: string, plural: string): ViewType {
  return findResourceType(group, version, plural) as ViewType;
}
