/**
 * The whole path in one workerd: a Service through the API, an agent on its link, requests through the gateway. Only the
 * network between gateway and pods is the test's. What fails is everything at once: every Durable Object is reset.
 */
import { abortAllDurableObjects } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { POD_HEADER, REFUSED_HEADER } from "../../src/core/protocol/headers.ts";
import type { ObjectNamespace, RevisionRpc } from "../../src/core/protocol/objects.ts";
import { Agent } from "../../src/durable/agent/agent.ts";
import { ControlPlane } from "../../src/durable/control-plane/control-plane.ts";
import { Revision } from "../../src/durable/revision/revision.ts";
import { Routes } from "../../src/durable/routes/routes.ts";
import { OriginAgent } from "../durable/fakes/origin-agent.ts";
import {
  condition,
  eventually,
  get,
  type Json,
  mergePatch,
  post,
  remove,
  SERVING,
  serviceBody,
  worker,
} from "./api/client.ts";

const { REVISION } = env as unknown as { readonly REVISION: ObjectNamespace<RevisionRpc> };

let agent: OriginAgent;
/** Paths that pods were asked for, in order. */
let served: string[];

beforeAll(async () => {
  const path = "/api/v1/namespaces/knative-serving/configmaps/config-autoscaler";
  expect((await mergePatch(path, { data: { "allow-zero-initial-scale": "true" } })).status).toBe(200);
});

beforeEach(async () => {
  agent = await OriginAgent.start("machine", { capacity: { pods: 100, cpuMillis: 4000, memoryBytes: 8e9 } });
  served = [];
  const network = globalThis.fetch;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const [podId, path] = String(input).replace(`${agent.hello.dataUrl}/`, "").split("/", 2);
    if (podId === undefined || path === undefined || !String(input).startsWith(agent.hello.dataUrl)) {
      return network(input, init);
    }
    served.push(path);
    if (agent.pods.get(podId)?.phase === "ready") {
      return new Response(`answer to ${path}`, { headers: { [POD_HEADER]: podId } });
    }
    return new Response("", { status: 503, headers: { [REFUSED_HEADER]: "unreachable", [POD_HEADER]: podId } });
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  agent.stop();
});

const request = (name: string, path: string) => worker.fetch(`http://${name}.default.apps.test/${path}`);
const isReady = (service: Json) => condition(service, "Ready")?.status === "True";
const becomesReady = (name: string) => eventually(`${SERVING}/services/${name}`, isReady);

/** A Service that is Ready and has no pod; it runs one at a time, and that one request at a time. */
async function createAsleep(name: string): Promise<string> {
  const annotations = { "autoscaling.knative.dev/initial-scale": "0", "autoscaling.knative.dev/max-scale": "1" };
  const body = serviceBody(name, { annotations });
  body.spec.template.spec.containerConcurrency = 1;
  expect((await post(`${SERVING}/services`, body)).status).toBe(201);
  await becomesReady(name);
  return (await get(`${SERVING}/revisions/${name}-00001`)).body.metadata.uid;
}

async function untilHeld(revisionUid: string, held: number): Promise<void> {
  while (
    (
      await REVISION.getByName(revisionUid)
        .describe()
        .catch(() => null)
    )?.held !== held
  )
    await moment();
}

/** Long enough for the clock to have moved: arrivals are told apart by milliseconds. */
const moment = () => new Promise((resolve) => setTimeout(resolve, 3));

async function sendInTurn(name: string, paths: readonly string[]): Promise<Promise<string>[]> {
  const answers: Promise<string>[] = [];
  for (const path of paths) {
    answers.push(request(name, path).then(async (response) => `${response.status} ${await response.text()}`));
    await moment();
  }
  return answers;
}

/**
 * Waits for the first call of a method on any object of a class; the call goes on. The test looks from outside: resolved by
 * the call itself, it would reset the object in which it still runs, which kills workerd.
 */
function called<T extends object>(prototype: T, method: keyof T & string): () => Promise<void> {
  const spy = vi.spyOn(prototype as Record<string, () => unknown>, method);
  return () => vi.waitFor(() => expect(spy).toHaveBeenCalled(), { interval: 1, timeout: 5_000 });
}

const PATHS = ["a", "b", "c", "d", "e"];
const ANSWERS = PATHS.map((path) => `200 answer to ${path}`);

describe("a Service", () => {
  test("that was created is served by its first pod", async () => {
    await post(`${SERVING}/services`, serviceBody("fresh"));
    await becomesReady("fresh");
    const response = await request("fresh", "hello");
    expect([response.status, await response.text()]).toEqual([200, "answer to hello"]);
    expect(response.headers.get("x-rouse-cold-start")).toBeNull();
  });

  test("that sleeps holds requests, wakes once and answers them all", async () => {
    const uid = await createAsleep("sleeper");
    agent.startsAs = null;
    const answers = await sendInTurn("sleeper", PATHS);
    await untilHeld(uid, PATHS.length);
    expect(agent.podsOf(uid)).toHaveLength(1);
    expect(served).toEqual([]);
    agent.finishStarts();
    expect(await Promise.all(answers)).toEqual(ANSWERS);
    // All are let go at once; whose fetch leaves first is the network's. The order of grants is the revision's test.
    expect(served.toSorted()).toEqual(PATHS);
  });

  test("that is deleted answers nobody, and its pods stop", async () => {
    await post(`${SERVING}/services`, serviceBody("gone"));
    await becomesReady("gone");
    expect((await request("gone", "hello")).status).toBe(200);
    await remove(`${SERVING}/services/gone`);
    await eventually(`${SERVING}/revisions/gone-00001`, (body) => body.code === 404);
    expect((await request("gone", "hello")).status).toBe(404);
  });
});

describe("requests that are held survive a reset of every object", () => {
  test("in the middle of the wait, and again once the pod is on its way", async () => {
    const uid = await createAsleep("twice");
    agent.startsAs = null;
    const answers = await sendInTurn("twice", PATHS);
    for (const connections of [2, 3]) {
      await untilHeld(uid, PATHS.length);
      await vi.waitFor(() => expect(agent.podsOf(uid)).toMatchObject([{ phase: "starting" }]), { interval: 5 });
      await abortAllDurableObjects();
      await vi.waitFor(() => expect(agent.connections).toBe(connections), { interval: 5 });
    }
    await untilHeld(uid, PATHS.length);
    agent.finishStarts();
    expect(await Promise.all(answers)).toEqual(ANSWERS);
    // All are let go at once; whose fetch leaves first is the network's. The order of grants is the revision's test.
    expect(served.toSorted()).toEqual(PATHS);
    expect(agent.podsOf(uid)).toHaveLength(1);
  });

  test.each([
    ["when the first one asks", Revision.prototype, "acquire"],
    ["when the Agent object is asked to take the pod", Agent.prototype, "assign"],
    ["when the agent speaks", Agent.prototype, "webSocketMessage"],
    ["when the pod is reported", Revision.prototype, "podsReported"],
    ["when the control plane hears of it", ControlPlane.prototype, "revisionObserved"],
  ] as const)("%s", async (when, prototype, method) => {
    const name = when.replaceAll(" ", "-").toLowerCase();
    await createAsleep(name);
    const reached = called(prototype as object, method as never);
    const answers = sendInTurn(name, PATHS);
    await reached();
    await abortAllDurableObjects();
    expect((await Promise.all(await answers)).sort()).toEqual(ANSWERS);
  });
});

describe("a Service whose creation a reset interrupts becomes Ready", () => {
  test.each([
    ["right after the answer", null, ""],
    ["when the revision is ordered", Revision.prototype, "applyOrder"],
    ["when the Agent object is asked to take the pod", Agent.prototype, "assign"],
    ["when the agent speaks", Agent.prototype, "webSocketMessage"],
    ["when the pod is reported", Revision.prototype, "podsReported"],
    ["when the control plane hears of it", ControlPlane.prototype, "revisionObserved"],
    ["when its hosts are handed out", Routes.prototype, "putEntries"],
  ] as const)("%s", async (when, prototype, method) => {
    const name = `new-${when.replaceAll(" ", "-").toLowerCase()}`;
    const reached = prototype === null ? null : called(prototype as object, method as never);
    expect((await post(`${SERVING}/services`, serviceBody(name))).status).toBe(201);
    await reached?.();
    await abortAllDurableObjects();
    await becomesReady(name);
    expect(await (await request(name, "hello")).text()).toBe("answer to hello");
  });

  test("after its first status", async () => {
    await post(`${SERVING}/services`, serviceBody("first-status"));
    await eventually(`${SERVING}/services/first-status`, (body) => body.status?.conditions !== undefined);
    await abortAllDurableObjects();
    await becomesReady("first-status");
    expect((await request("first-status", "hello")).status).toBe(200);
  });
});
