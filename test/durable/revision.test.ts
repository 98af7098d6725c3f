import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { SOCKET_GRACE_MS } from "../../src/core/activator/ledger.ts";
import type { ScalingSpec } from "../../src/core/autoscaler/spec.ts";
import type { AcquireRequest, AdmissionInfo, Endpoint, PendingAdmission } from "../../src/core/protocol/admission.ts";
import { parseGrant } from "../../src/core/protocol/grant.ts";
import type { ObjectNamespace, RevisionDescription, RevisionRpc } from "../../src/core/protocol/objects.ts";
import type { PodTemplate } from "../../src/core/protocol/pod.ts";
import { Agent } from "../../src/durable/agent/agent.ts";
import { ControlPlane } from "../../src/durable/control-plane/control-plane.ts";
import { deriveAgentKey, keyEpochAt, toBase64Url } from "../../src/durable/grant-signer.ts";
import { RouteCacheControl } from "../../src/worker/gateway/route-cache-control.ts";
import { scaling, template } from "../core/revision/world.ts";
import { ROOT_KEY } from "./fakes/link.ts";
import { OriginAgent } from "./fakes/origin-agent.ts";

const { REVISION } = env as unknown as { readonly REVISION: ObjectNamespace<RevisionRpc> };

const agents: OriginAgent[] = [];

beforeEach(() => {
  // These revisions have no object at the control plane, which would have them end.
  vi.spyOn(ControlPlane.prototype, "revisionObserved").mockResolvedValue(true);
});

afterEach(() => {
  vi.restoreAllMocks();
  for (const agent of agents.splice(0)) agent.stop();
});

async function startAgent(
  agentUid: string,
  ...changes: Parameters<typeof OriginAgent.start> extends [string, ...infer C] ? C : never
) {
  const agent = await OriginAgent.start(agentUid, ...changes);
  agents.push(agent);
  return agent;
}

type Wishes = { template?: Partial<PodTemplate>; scaling?: Partial<ScalingSpec>; on: readonly OriginAgent[] };

/** Orders a revision whose pods start on these agents. */
async function order(revisionUid: string, { on, ...wishes }: Wishes): Promise<void> {
  await REVISION.getByName(revisionUid).applyOrder({
    ...{ revisionUid, controlPlaneId: "c", sequence: 1, reachability: "Reachable" },
    template: { ...template, revision: revisionUid, ...wishes.template },
    scaling: { ...scaling, ...wishes.scaling },
    agents: on.map((agent) => agent.ref),
  });
}

const describeRevision = (uid: string) => REVISION.getByName(uid).describe();

async function until(
  uid: string,
  isWished: (description: RevisionDescription) => boolean,
): Promise<RevisionDescription> {
  for (;;) {
    const description = await describeRevision(uid);
    if (isWished(description)) return description;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const isReady = ({ actualScale }: RevisionDescription) => actualScale > 0;

let requests = 0;
function request(changes: Partial<AcquireRequest> = {}): AcquireRequest {
  requests += 1;
  const nowMs = Date.now();
  return {
    ...{ requestId: `request-${requests}`, arrivedAtMs: nowMs, deadlineMs: nowMs + 300_000, attempt: 0 },
    ...{ avoidPods: [], needTicket: false, ...changes },
  };
}

function acquire(uid: string, changes: Partial<AcquireRequest> = {}): PendingAdmission {
  const pending = REVISION.getByName(uid).acquire(request(changes));
  // Only its `info` is awaited; a reset of the object rejects both.
  pending.catch(() => undefined);
  return pending;
}

function expectKind<K extends AdmissionInfo["kind"]>(
  info: AdmissionInfo,
  kind: K,
): Extract<AdmissionInfo, { kind: K }> {
  expect(info).toMatchObject({ kind });
  return info as Extract<AdmissionInfo, { kind: K }>;
}

const alarmOf = (uid: string) =>
  runInDurableObject(REVISION.getByName(uid) as never, (_, state) => state.storage.getAlarm());

/** Does what a queue-proxy does with a grant. */
async function expectGenuine({ podId, grant }: Endpoint, agentUid: string): Promise<void> {
  const { claims, payload, signature } = parseGrant(grant) ?? expect.fail(`not a grant: ${grant}`);
  expect(claims).toMatchObject({ podId, keyEpoch: keyEpochAt(Date.now()) });
  expect(claims.expiresAtMs).toBeGreaterThan(Date.now());
  const raw = await deriveAgentKey(ROOT_KEY, agentUid, claims.keyEpoch);
  const key = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  expect(signature).toBe(toBase64Url(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(payload))));
}

const LIMITED = { containerConcurrency: 1 };

describe("an order", () => {
  test("starts the first pod, which isolates may call with a genuine grant", async () => {
    const agent = await startAgent("first-agent");
    await order("first", { on: [agent] });
    const { pods } = await until("first", isReady);
    expect(pods).toMatchObject([{ agentUid: "first-agent", state: "ready" }]);
    const lease = expectKind(await acquire("first").info, "lease");
    const [endpoint] = lease.endpoints;
    expect(endpoint).toMatchObject({ podId: pods[0]?.podId, url: `${agent.hello.dataUrl}/${pods[0]?.podId}` });
    if (endpoint !== undefined) await expectGenuine(endpoint, "first-agent");
    expect(lease.timing).toEqual({ heldMs: 0, startMs: 0, readyMs: 0, cold: false });
  });

  test("goes to the next machine where the first has no room", async () => {
    const full = await startAgent("a-full", { capacity: { pods: 0, cpuMillis: 1, memoryBytes: 1 } });
    const free = await startAgent("b-free");
    await order("spills", { on: [full, free] });
    expect((await until("spills", isReady)).pods).toMatchObject([{ agentUid: "b-free" }]);
  });

  test("without an agent waits, and is served when one comes", async () => {
    await order("patient", { on: [] });
    const held = acquire("patient").info;
    await until("patient", ({ held }) => held === 1);
    const agent = await startAgent("patient-agent");
    await REVISION.getByName("patient").agentsChanged([agent.ref]);
    expectKind(await held, "lease");
  });
});

describe("a request that finds no pod", () => {
  test("is held and answered when the pod is ready, with the parts of its wait", async () => {
    const agent = await startAgent("cold-agent");
    agent.startsAs = null;
    await order("cold", { on: [agent], scaling: { initialScale: 0 } });
    expect((await describeRevision("cold")).pods).toEqual([]);
    const pending = acquire("cold").info;
    await vi.waitFor(() => expect(agent.podsOf("cold")).toHaveLength(1), { interval: 5 });
    expect(await describeRevision("cold")).toMatchObject({ held: 1, actualScale: 0, desiredScale: 1 });
    agent.finishStarts();
    const { timing } = expectKind(await pending, "lease");
    expect(timing).toMatchObject({ cold: true, startMs: 3, readyMs: 40 });
    expect((await describeRevision("cold")).held).toBe(0);
  });

  test("leaves the queue when it is cancelled", async () => {
    await order("cancels", { on: [] });
    const cancelled = request();
    const pending = acquire("cancels", cancelled).info;
    await until("cancels", ({ held }) => held === 1);
    await REVISION.getByName("cancels").cancel(cancelled.requestId);
    expectKind(await pending, "refused");
    expect((await describeRevision("cancels")).held).toBe(0);
  });

  test("hears at once why the pod did not start", async () => {
    const agent = await startAgent("crash-agent");
    agent.startsAs = { phase: "failed", reason: "ExitCode", exitCode: 3, message: "boom" };
    await order("crash", { on: [agent], scaling: { initialScale: 0 } });
    const refused = expectKind(await acquire("crash").info, "refused");
    expect(refused).toMatchObject({
      code: "START_FAILED",
      message: "default/crash did not start. Container failed with: boom",
    });
  });

  test("that asks again under its id ends its first call and keeps its place", async () => {
    const agent = await startAgent("again-agent");
    agent.startsAs = null;
    await order("again", { on: [agent], template: LIMITED });
    const first = request();
    const broken = acquire("again", first).info;
    const second = acquire("again").info;
    await until("again", ({ held }) => held === 2);
    const repeated = acquire("again", { ...first, attempt: 1 }).info;
    expectKind(await broken, "refused");
    agent.finishStarts();
    expectKind(await repeated, "ticket");
    expect(await describeRevision("again")).toMatchObject({ held: 1, tickets: 1 });
    await REVISION.getByName("again").destroy(2);
    expectKind(await second, "refused");
  });
});

describe("a ticket", () => {
  async function limited(uid: string): Promise<OriginAgent> {
    const agent = await startAgent(`${uid}-agent`);
    await order(uid, { on: [agent], template: LIMITED, scaling: { maxScale: 1 } });
    await until(uid, isReady);
    return agent;
  }

  test("is one slot with a genuine grant; the next request waits for its return", async () => {
    await limited("slots");
    const first = acquire("slots");
    const { endpoint } = expectKind(await first.info, "ticket");
    await expectGenuine(endpoint, "slots-agent");
    const second = acquire("slots");
    await until("slots", ({ held, tickets }) => held === 1 && tickets === 1);
    first[Symbol.dispose]();
    expectKind(await second.info, "ticket");
    second[Symbol.dispose]();
    await until("slots", ({ tickets }) => tickets === 0);
  });

  test("is given in order of arrival at the gateways, whoever asked first", async () => {
    await limited("fifo");
    const first = acquire("fifo");
    await first.info;
    const nowMs = Date.now();
    const late = acquire("fifo", { arrivedAtMs: nowMs - 100 });
    const early = acquire("fifo", { arrivedAtMs: nowMs - 900 });
    await until("fifo", ({ held }) => held === 2);
    first[Symbol.dispose]();
    expectKind(await early.info, "ticket");
    expect((await describeRevision("fifo")).held).toBe(1);
    early[Symbol.dispose]();
    expectKind(await late.info, "ticket");
    late[Symbol.dispose]();
  });

  test("comes back by itself when the context of its caller ends with an error", async () => {
    await limited("throws");
    vi.spyOn(RouteCacheControl.prototype, "forget").mockImplementation(async () => {
      await acquire("throws").info;
      expect((await describeRevision("throws")).tickets).toBe(1);
      throw new Error("the isolate died");
    });
    const entrypoint = (exports as unknown as { RouteCacheControl: RouteCacheControl }).RouteCacheControl;
    await expect((async () => entrypoint.forget([]))()).rejects.toThrow("the isolate died");
    await until("throws", ({ tickets }) => tickets === 0);
  });

  test("of a socket keeps its slot until the agent no longer lists it", async () => {
    const agent = await limited("sockets");
    const socket = request();
    const first = acquire("sockets", socket);
    await first.info;
    await first.upgraded();
    first[Symbol.dispose]();
    const second = acquire("sockets");
    await until("sockets", ({ held, tickets }) => held === 1 && tickets === 0);
    const now = Date.now.bind(Date);
    vi.spyOn(Date, "now").mockImplementation(() => now() + SOCKET_GRACE_MS);
    agent.measure({ inFlight: 1, proxiedInFlight: 1, sockets: [socket.requestId] });
    await until("sockets", ({ pods }) => pods[0]?.inFlight === 1);
    expect((await describeRevision("sockets")).held).toBe(1);
    agent.measure();
    expectKind(await second.info, "ticket");
    second[Symbol.dispose]();
  });
});

describe("a reset of the object", () => {
  test("keeps the pods, and requests ask again without a cold start", async () => {
    const agent = await startAgent("reset-agent");
    await order("reset", { on: [agent] });
    const before = await until("reset", isReady);
    await abortAllDurableObjects();
    const { endpoints } = expectKind(await acquire("reset").info, "lease");
    expect(endpoints.map(({ podId }) => podId)).toEqual(before.pods.map(({ podId }) => podId));
  });

  test("while requests wait breaks their calls, and the same requests asked again are served in order", async () => {
    const agent = await startAgent("broken-agent");
    agent.startsAs = null;
    await order("broken", { on: [agent], template: LIMITED, scaling: { maxScale: 1 } });
    const waiting = [request(), request({ arrivedAtMs: Date.now() + 1 })];
    const broken = waiting.map((one) => acquire("broken", one).info);
    await until("broken", ({ held }) => held === 2);
    await abortAllDurableObjects();
    for (const outcome of await Promise.allSettled(broken)) expect(outcome.status).toBe("rejected");
    // The later one is the first to come back.
    const [early, late] = waiting.map((one) => ({ ...one, attempt: 1 }));
    if (early === undefined || late === undefined) return expect.fail("two requests wait");
    const second = acquire("broken", late);
    await until("broken", ({ held }) => held === 1);
    const first = acquire("broken", early);
    await until("broken", ({ held }) => held === 2);
    agent.finishStarts();
    expectKind(await first.info, "ticket");
    expect((await describeRevision("broken")).held).toBe(1);
    first[Symbol.dispose]();
    expectKind(await second.info, "ticket");
    second[Symbol.dispose]();
  });

  test("uses no sequence of an assignment twice, however often it happens", async () => {
    const agent = await startAgent("numbers-agent");
    await order("numbers", { on: [agent] });
    await until("numbers", isReady);
    const assigned = vi.spyOn(Agent.prototype, "assign");
    for (const lives of [1, 2, 3]) {
      await abortAllDurableObjects();
      await describeRevision("numbers");
      await vi.waitFor(() => expect(assigned.mock.calls.length).toBeGreaterThanOrEqual(lives), { interval: 5 });
    }
    const sequences = assigned.mock.calls.map(([{ sequence }]) => sequence);
    expect(new Set(sequences).size).toBe(sequences.length);
  });

  test("does not lose what the control plane did not hear", async () => {
    const observed = vi.spyOn(ControlPlane.prototype, "revisionObserved").mockRejectedValue(new Error("reset"));
    const agent = await startAgent("mute-agent");
    await order("mute", { on: [agent] });
    await until("mute", isReady);
    await abortAllDurableObjects();
    observed.mockClear();
    observed.mockResolvedValue(true);
    await describeRevision("mute");
    await vi.waitFor(() => expect(observed).toHaveBeenCalledWith(expect.objectContaining({ actualScale: 1 })), {
      interval: 5,
      timeout: 3_000,
    });
  });
});

test("an alarm stands while a pod is wanted and none may start", async () => {
  const agent = await startAgent("sick-agent");
  agent.startsAs = { phase: "failed", reason: "ExitCode", exitCode: 1 };
  await order("sick", { on: [agent], scaling: { minScale: 1 } });
  await vi.waitFor(() => expect(agent.podsOf("sick")).toMatchObject([{ phase: "failed" }]), { interval: 5 });
  await until("sick", ({ pods, desiredScale }) => pods.length === 0 && desiredScale === 1);
  expect(await runDurableObjectAlarm(REVISION.getByName("sick") as never)).toBe(true);
  expect(await alarmOf("sick")).not.toBeNull();
});

describe("destroy", () => {
  test("stops the pods, tells the control plane and leaves nothing behind", async () => {
    const destroyed = vi.spyOn(ControlPlane.prototype, "revisionDestroyed");
    const agent = await startAgent("doomed-agent");
    await order("doomed", { on: [agent] });
    await until("doomed", isReady);
    await REVISION.getByName("doomed").destroy(2);
    await vi.waitFor(() => expect(destroyed).toHaveBeenCalledWith("doomed"), { interval: 5 });
    await vi.waitFor(() => expect(agent.podsOf("doomed")).toEqual([]), { interval: 5 });
    const tables = () =>
      runInDurableObject(REVISION.getByName("doomed") as never, (_, { storage }) =>
        storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray(),
      );
    await vi.waitFor(async () => expect(await tables()).toEqual([]), { interval: 5 });
    expect(await alarmOf("doomed")).toBeNull();
  });

  test("refuses those who wait and those who come later, at once", async () => {
    await order("refuses", { on: [] });
    const waiting = acquire("refuses").info;
    await until("refuses", ({ held }) => held === 1);
    const destroyed = vi.spyOn(ControlPlane.prototype, "revisionDestroyed");
    await REVISION.getByName("refuses").destroy(2);
    expect(expectKind(await waiting, "refused").code).toBe("REVISION_GONE");
    await vi.waitFor(() => expect(destroyed).toHaveBeenCalled(), { interval: 5 });
    expect(expectKind(await acquire("refuses").info, "refused").code).toBe("REVISION_GONE");
  });

  test("is told to the control plane again until it hears, also after a reset", async () => {
    const destroyed = vi.spyOn(ControlPlane.prototype, "revisionDestroyed").mockRejectedValue(new Error("reset"));
    await REVISION.getByName("deaf").destroy(1);
    await vi.waitFor(() => expect(destroyed).toHaveBeenCalledWith("deaf"), { interval: 5 });
    await abortAllDurableObjects();
    destroyed.mockClear();
    destroyed.mockResolvedValue();
    expect(await runDurableObjectAlarm(REVISION.getByName("deaf") as never)).toBe(true);
    await vi.waitFor(() => expect(destroyed).toHaveBeenCalledWith("deaf"), { interval: 5 });
  });

  test("that a crash interrupted is finished by the alarm", async () => {
    const destroyed = vi.spyOn(ControlPlane.prototype, "revisionDestroyed");
    destroyed.mockImplementation(() => new Promise(() => undefined));
    await REVISION.getByName("interrupted").destroy(1);
    await vi.waitFor(() => expect(destroyed).toHaveBeenCalled(), { interval: 5 });
    await abortAllDurableObjects();
    destroyed.mockReset();
    destroyed.mockResolvedValue();
    expect(await runDurableObjectAlarm(REVISION.getByName("interrupted") as never)).toBe(true);
    await vi.waitFor(() => expect(destroyed).toHaveBeenCalledWith("interrupted"), { interval: 5 });
  });
});

describe("at zero", () => {
  /** Knative's shortest window would be 6 s; the rules are the same. */
  const SHORT = { stableWindowMs: 1_000, panicWindowMs: 100, scaleToZeroGracePeriodMs: 0 };

  test("nothing wakes the object: no timer, and after its last alarm none", async () => {
    const agent = await startAgent("zero-agent");
    await order("zero", { on: [agent], template: LIMITED, scaling: SHORT });
    await until("zero", isReady);
    expect(await alarmOf("zero")).toBeGreaterThan(Date.now());
    const description = await until("zero", ({ pods, hasTimer }) => pods.length === 0 && !hasTimer);
    expect(description).toMatchObject({ desiredScale: 0, held: 0, tickets: 0 });
    await vi.waitFor(() => expect(agent.podsOf("zero")).toEqual([]), { interval: 5 });
    expect(await runDurableObjectAlarm(REVISION.getByName("zero") as never)).toBe(true);
    expect(await alarmOf("zero")).toBeNull();
    expect(await describeRevision("zero")).toMatchObject({ hasTimer: false });
  });

  test("a lease that wants renewal wakes nobody, a request does", async () => {
    const agent = await startAgent("wakes-agent");
    await order("wakes", { on: [agent], scaling: { initialScale: 0 } });
    const asleep = await until("wakes", ({ hasTimer }) => !hasTimer);
    expect(asleep).toMatchObject({ desiredScale: 0, pods: [] });
    expect(await REVISION.getByName("wakes").renewLease()).toBeNull();
    expect(await describeRevision("wakes")).toEqual(asleep);
    expectKind(await acquire("wakes").info, "lease");
    expect(await REVISION.getByName("wakes").renewLease()).toMatchObject({ endpoints: [{}] });
  });
});
