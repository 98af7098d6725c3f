import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { LOST_AFTER_MS, SILENT_AFTER_MS } from "../../src/core/agent/link-state.ts";
import { CLOSE_STOPPING, LINK_PING, LINK_VERSION } from "../../src/core/protocol/agent-link.ts";
import type { AgentPodsReport, AgentRpc, AssignmentResult, ObjectNamespace } from "../../src/core/protocol/objects.ts";
import type { DesiredPod } from "../../src/core/protocol/pod.ts";
import { Agent } from "../../src/durable/agent/agent.ts";
import { ControlPlane } from "../../src/durable/control-plane/control-plane.ts";
import { deriveAgentKey, keyEpochAt, toBase64Url } from "../../src/durable/grant-signer.ts";
import { Revision } from "../../src/durable/revision/revision.ts";
import { template } from "../core/revision/world.ts";
import { helloOf, Link, ROOT_KEY, requestLink, statusOf } from "./fakes/link.ts";

const { AGENT } = env as unknown as { readonly AGENT: ObjectNamespace<AgentRpc> };

/** What the Agent objects told Revision objects, by revision; those are not part of these tests. */
let reports: Map<string, AgentPodsReport[]>;

beforeEach(() => {
  reports = new Map();
  vi.spyOn(Revision.prototype, "podsReported").mockImplementation(async function (this: Revision, report) {
    const name = String((this as unknown as { ctx: DurableObjectState }).ctx.id.name);
    reports.set(name, [...(reports.get(name) ?? []), report]);
  });
});

afterEach(() => {
  vi.restoreAllMocks();
});

const lastReport = (revisionUid: string) => reports.get(revisionUid)?.at(-1);
const told = (revisionUid: string, report: object) =>
  vi.waitFor(() => expect(lastReport(revisionUid)).toMatchObject(report), { interval: 5, timeout: 5_000 });

/** The same machine is asked by all objects; a jump of its clock stands for time that passed. */
function clockAheadBy(ms: number): void {
  const now = Date.now.bind(Date);
  vi.spyOn(Date, "now").mockImplementation(() => now() + ms);
}

function pod(podId: string, revisionUid: string, driver = "process"): DesiredPod {
  return { podId, revisionUid, wanted: "running", drainLimitMs: null, template: { ...template, driver } };
}

function assign(agentUid: string, revisionUid: string, sequence: number, ...podIds: string[]) {
  return AGENT.getByName(agentUid).assign({ revisionUid, sequence, pods: podIds.map((id) => pod(id, revisionUid)) });
}

const podIdsOf = (pods: readonly { readonly podId: string }[]) => pods.map(({ podId }) => podId);

/** While an agent has pods its alarm comes at least this often. */
const RESYNC_MS = 30_000;
const ACCEPTED: AssignmentResult = { connection: "Connected", refused: [] };

describe("the door", () => {
  test("opens for the credential of this agent only", async () => {
    for (const authorization of ["", "Bearer wrong"]) {
      const response = await requestLink("door", { authorization, upgrade: "websocket" });
      expect([response.status, response.webSocket]).toEqual([401, null]);
    }
    expect((await Link.open("door")).isClosed).toBe(false);
  });
});

describe("hello", () => {
  test("is answered with keys and then with the whole desired state", async () => {
    const link = await Link.open("greets");
    link.send(helloOf("greets"));
    const welcome = await link.next("welcome");
    const epoch = keyEpochAt(Date.now());
    expect(welcome.keys.map((key) => key.epoch)).toEqual([epoch - 1, epoch, epoch + 1]);
    expect(welcome.keys[1]?.key).toBe(toBase64Url(await deriveAgentKey(ROOT_KEY, "greets", epoch)));
    const desired = await link.next("desired");
    expect(desired).toMatchObject({ controlPlaneId: welcome.controlPlaneId, pods: [] });
  });

  test("an assignment that comes during hello is sent after the welcome", async () => {
    await Link.greet(helloOf("meets"));
    const gate = Promise.withResolvers<void>();
    const derive = crypto.subtle.deriveBits.bind(crypto.subtle);
    const link = await Link.open("meets");
    const derived = vi.spyOn(crypto.subtle, "deriveBits").mockImplementation(async (...parameters) => {
      await gate.promise;
      return derive(...parameters);
    });
    link.send(helloOf("meets"));
    await vi.waitFor(() => expect(derived).toHaveBeenCalled(), { interval: 5 });
    await assign("meets", "meets-r", 1, "p1");
    gate.resolve();
    await vi.waitFor(() => expect(link.unread).toEqual(["welcome", "desired"]), { interval: 5 });
    expect(await link.next("desired")).toMatchObject({ pods: [{ podId: "p1" }] });
  });

  test("of another version is refused with the version that is spoken", async () => {
    const link = await Link.open("future");
    link.send(helloOf("future", { version: LINK_VERSION + 1 }));
    expect(await link.next("refuse")).toMatchObject({
      reason: "version",
      message: expect.stringContaining("version 1"),
    });
    expect((await link.closed).code).toBe(4003);
    expect(await AGENT.getByName("future").describe()).toMatchObject({ connection: "NeverSeen" });
  });

  test("must be the first frame", async () => {
    const link = await Link.open("hasty");
    link.report(statusOf("p1", "r1"));
    expect(await link.next("refuse")).toMatchObject({ message: "the first frame must be hello" });
  });

  test.each([
    ["not json", "the frame is not a JSON object"],
    ['{"type":"song"}', 'type: "song" is not a frame that this version knows'],
    [
      '{"type":"status","generation":1,"pods":[{"podId":"p","revisionUid":7}]}',
      "pods[0].revisionUid: missing or of the wrong kind",
    ],
  ])("a malformed frame ends the link and names the fault: %s", async (text, message) => {
    const link = await Link.greet(helloOf("mumbles"));
    link.send(text);
    expect(await link.next("refuse")).toEqual({ type: "refuse", reason: "malformed", message });
    expect((await link.closed).code).toBe(4003);
  });

  test("a ping is answered without the object", async () => {
    const link = await Link.greet(helloOf("pings"));
    const heard = vi.spyOn(Agent.prototype, "webSocketMessage");
    link.send(LINK_PING);
    expect((await link.next("pong")).type).toBe("pong");
    expect(heard).not.toHaveBeenCalled();
  });
});

describe("an agent with a credential of its own", () => {
  test("cannot speak as another one", async () => {
    const link = await Link.open("evil");
    link.send({ ...helloOf("victim") });
    expect(await link.next("refuse")).toMatchObject({
      reason: "malformed",
      message: expect.stringMatching(/^agentUid/),
    });
    expect(await AGENT.getByName("victim").describe()).toMatchObject({ connection: "NeverSeen" });
  });
});

describe("two connections of one agent", () => {
  test("a second process is refused by name while the first is alive", async () => {
    const first = await Link.greet(helloOf("twins"));
    const second = await Link.open("twins");
    second.send(helloOf("twins", { bootId: "boot-2" }));
    const { reason, message } = await second.next("refuse");
    expect([reason, message]).toEqual(["duplicate", expect.stringContaining("machine of twins (twins)")]);
    await second.closed;
    await assign("twins", "twins-r", 1, "p1");
    expect(await first.next("desired")).toMatchObject({ pods: [] });
    expect(await first.next("desired")).toMatchObject({ pods: [{ podId: "p1" }] });
    expect(await AGENT.getByName("twins").describe()).toMatchObject({ connection: "Connected" });
  });

  test("the same process displaces its older socket and stays connected", async () => {
    const older = await Link.greet(helloOf("returns"));
    await assign("returns", "returns-r", 1, "p1");
    const newer = await Link.greet(helloOf("returns"));
    expect((await older.closed).code).toBe(4001);
    expect(await newer.next("desired")).toMatchObject({ pods: [{ podId: "p1" }] });
    expect(await AGENT.getByName("returns").describe()).toMatchObject({ connection: "Connected" });
    await told("returns-r", { connection: "Connected" });
    expect(reports.get("returns-r")?.map(({ connection }) => connection)).not.toContain("Disconnected");
  });

  test("a process that went silent is displaced by the next one", async () => {
    const silent = await Link.greet(helloOf("silent"));
    clockAheadBy(SILENT_AFTER_MS + 1);
    await Link.greet(helloOf("silent", { bootId: "boot-2" }));
    expect((await silent.closed).code).toBe(4001);
  });

  test("a process that only pings is alive", async () => {
    clockAheadBy(-SILENT_AFTER_MS);
    const first = await Link.greet(helloOf("alive"));
    vi.mocked(Date.now).mockRestore();
    first.send(LINK_PING);
    await first.next("pong");
    const second = await Link.open("alive");
    second.send(helloOf("alive", { bootId: "boot-2" }));
    expect(await second.next("refuse")).toMatchObject({ reason: "duplicate" });
  });
});

describe("assign", () => {
  test("sends the whole desired state down with a higher generation each time", async () => {
    const link = await Link.greet(helloOf("works"));
    const { generation } = await link.next("desired");
    expect(await assign("works", "works-a", 1, "p1", "p2")).toEqual(ACCEPTED);
    expect(await assign("works", "works-b", 1, "p3")).toEqual(ACCEPTED);
    const [first, second] = [await link.next("desired"), await link.next("desired")];
    expect([podIdsOf(first.pods), podIdsOf(second.pods)]).toEqual([
      ["p1", "p2"],
      ["p1", "p2", "p3"],
    ]);
    expect(first.generation).toBeGreaterThan(generation);
    expect(second.generation).toBeGreaterThan(first.generation);
    expect(first.pods[0]).toEqual(pod("p1", "works-a"));
  });

  test("is refused by an agent that nobody ever saw", async () => {
    expect(await assign("ghost", "ghost-r", 1, "p1")).toEqual({
      connection: "NeverSeen",
      refused: [{ podId: "p1", reason: "it was never connected" }],
    });
  });

  test("is refused beyond the machine's capacity, over all revisions", async () => {
    await Link.greet(helloOf("small", { capacity: { pods: 2, cpuMillis: 1000, memoryBytes: 1e9 } }));
    expect(await assign("small", "small-a", 1, "p1")).toEqual(ACCEPTED);
    const refused = [{ podId: "p3", reason: "it runs 2 of at most 2 pods" }];
    expect(await assign("small", "small-b", 1, "p2", "p3")).toEqual({ connection: "Connected", refused });
    expect(podIdsOf((await AGENT.getByName("small").describe()).desired)).toEqual(["p1", "p2"]);
  });

  test("is refused for a driver that the machine does not offer", async () => {
    await Link.greet(helloOf("plain"));
    const pods = [pod("p1", "plain-r", "docker")];
    const result = await AGENT.getByName("plain").assign({ revisionUid: "plain-r", sequence: 1, pods });
    expect(result.refused).toEqual([{ podId: "p1", reason: 'it does not offer the driver "docker"' }]);
  });

  test("is refused while the agent is away, but keeps what it has", async () => {
    const link = await Link.greet(helloOf("leaves"));
    await assign("leaves", "leaves-r", 1, "p1");
    link.close();
    await told("leaves-r", { connection: "Disconnected" });
    expect(await assign("leaves", "leaves-r", 2, "p1", "p2")).toEqual({
      connection: "Disconnected",
      refused: [{ podId: "p2", reason: "its agent is not connected" }],
    });
  });

  test("that is older than what stands changes nothing", async () => {
    await Link.greet(helloOf("ordered"));
    await assign("ordered", "ordered-r", 5, "p5");
    await assign("ordered", "ordered-r", 4, "p4");
    expect(podIdsOf((await AGENT.getByName("ordered").describe()).desired)).toEqual(["p5"]);
    await assign("ordered", "ordered-r", 6);
    await assign("ordered", "ordered-r", 5, "p5");
    expect((await AGENT.getByName("ordered").describe()).desired).toEqual([]);
  });
});

describe("statuses", () => {
  test("reach the Revision object, with the address and a sequence that grows", async () => {
    const link = await Link.greet(helloOf("tells"));
    await assign("tells", "tells-r", 1, "p1");
    link.report(statusOf("p1", "tells-r", { phase: "starting" }));
    await told("tells-r", { pods: [{ podId: "p1", phase: "starting" }] });
    const starting = lastReport("tells-r");
    link.report(statusOf("p1", "tells-r"));
    await told("tells-r", {
      agentUid: "tells",
      connection: "Connected",
      dataUrl: "http://tells.agents.test:8012",
      keyEpoch: keyEpochAt(Date.now()),
      pods: [statusOf("p1", "tells-r")],
    });
    expect(lastReport("tells-r")?.sequence).toBeGreaterThan(starting?.sequence ?? Number.POSITIVE_INFINITY);
  });

  test("of a pod that nobody assigned are not believed", async () => {
    const link = await Link.greet(helloOf("invents"));
    await assign("invents", "invents-r", 1, "p1");
    link.report(statusOf("stray", "invents-r"), statusOf("p1", "invents-r"));
    await told("invents-r", { pods: [{ podId: "p1" }] });
    expect(podIdsOf((await AGENT.getByName("invents").describe()).pods)).toEqual(["p1"]);
  });

  test("of a pod that a hello does not name are forgotten", async () => {
    const first = await Link.greet(helloOf("reboots"));
    await assign("reboots", "reboots-r", 1, "p1", "p2");
    first.report(statusOf("p1", "reboots-r"), statusOf("p2", "reboots-r"));
    await told("reboots-r", { pods: [{ podId: "p1" }, { podId: "p2" }] });
    await Link.greet(helloOf("reboots", { pods: [statusOf("p2", "reboots-r")] }));
    await told("reboots-r", { pods: [{ podId: "p2" }] });
  });

  test("are told again until the Revision object takes them", async () => {
    const link = await Link.greet(helloOf("insists"));
    await assign("insists", "insists-r", 1, "p1");
    vi.mocked(Revision.prototype.podsReported).mockRejectedValueOnce(new Error("reset"));
    link.report(statusOf("p1", "insists-r"));
    await vi.waitFor(() => expect(Revision.prototype.podsReported).toHaveBeenCalled(), { interval: 5 });
    await told("insists-r", { pods: [{ podId: "p1", phase: "ready" }] });
  });

  test("and stats go to the revisions that they are of", async () => {
    const stats = vi.spyOn(Revision.prototype, "statsReported").mockResolvedValue();
    const link = await Link.greet(helloOf("counts"));
    await assign("counts", "counts-a", 1, "p1", "p3");
    await assign("counts", "counts-b", 1, "p2");
    const of = (podId: string, revisionUid: string) => ({
      ...{ podId, revisionUid, averageConcurrency: 1, averageProxiedConcurrency: 0, requestCount: 2 },
      ...{ proxiedRequestCount: 0, inFlight: 1, proxiedInFlight: 0, queueDepth: 0, sockets: [] },
    });
    link.send({
      type: "stats",
      measuredAtMs: 7,
      // The last two are not this agent's to speak of: they were never assigned to it, or to another revision.
      pods: [of("p1", "counts-a"), of("p2", "counts-b"), of("p3", "counts-a"), of("p4", "counts-b"), of("p1", "other")],
    });
    await vi.waitFor(() => expect(stats).toHaveBeenCalledTimes(2), { interval: 5 });
    expect(stats.mock.calls.map(([report]) => podIdsOf(report.pods).join()).sort()).toEqual(["p1,p3", "p2"]);
  });
});

describe("an agent that goes", () => {
  test("is lost at once when it says that it stops with its pods", async () => {
    const link = await Link.greet(helloOf("stops"));
    await assign("stops", "stops-r", 1, "p1");
    link.close(CLOSE_STOPPING);
    await told("stops-r", { connection: "Lost" });
  });

  test("is only disconnected when its socket drops, and lost when it stays away", async () => {
    const observed = vi.spyOn(ControlPlane.prototype, "agentObserved");
    const link = await Link.greet(helloOf("drops"));
    await assign("drops", "drops-r", 1, "p1");
    link.report(statusOf("p1", "drops-r"));
    await told("drops-r", { pods: [{ phase: "ready" }] });
    link.close(1001);
    await told("drops-r", { connection: "Disconnected", pods: [{ podId: "p1", phase: "ready" }] });
    await runDurableObjectAlarm(AGENT.getByName("drops") as never);
    await told("drops-r", { connection: "Disconnected" });
    clockAheadBy(LOST_AFTER_MS + 1);
    expect(await runDurableObjectAlarm(AGENT.getByName("drops") as never)).toBe(true);
    await told("drops-r", { connection: "Lost" });
    const connections = observed.mock.calls.filter(([{ agentUid }]) => agentUid === "drops").map(([o]) => o.connection);
    expect(connections).toEqual(["Connected", "Disconnected", "Lost"]);
  });

  test("has an alarm at the moment at which it is lost, also without pods", async () => {
    const link = await Link.greet(helloOf("idles"));
    const alarmOf = () => runInDurableObject(AGENT.getByName("idles") as never, (_, state) => state.storage.getAlarm());
    expect(await alarmOf()).toBeNull();
    const before = Date.now();
    link.close();
    await vi.waitFor(async () => expect(await alarmOf()).toBeGreaterThanOrEqual(before + LOST_AFTER_MS), {
      interval: 5,
    });
    expect(await alarmOf()).toBeLessThanOrEqual(Date.now() + LOST_AFTER_MS);
  });

  test("comes back with its pods, and nobody thought them gone", async () => {
    const link = await Link.greet(helloOf("blinks"));
    await assign("blinks", "blinks-r", 1, "p1");
    link.close();
    await told("blinks-r", { connection: "Disconnected" });
    await Link.greet(helloOf("blinks", { pods: [statusOf("p1", "blinks-r")] }));
    await told("blinks-r", { connection: "Connected", pods: [{ podId: "p1", phase: "ready" }] });
    expect(reports.get("blinks-r")?.map(({ connection }) => connection)).not.toContain("Lost");
  });

  test("without a close frame, by silence alone, is disconnected by the alarm", async () => {
    await Link.greet(helloOf("mute"));
    await assign("mute", "mute-r", 1, "p1");
    clockAheadBy(RESYNC_MS);
    expect(await runDurableObjectAlarm(AGENT.getByName("mute") as never)).toBe(true);
    await told("mute-r", { connection: "Disconnected" });
    expect((await assign("mute", "mute-r", 2, "p1", "p2")).refused).toHaveLength(1);
  });
});

describe("an object that was", () => {
  test("hibernated sends the next desired state on the socket that it slept with", async () => {
    const link = await Link.greet(helloOf("sleeps"));
    await assign("sleeps", "sleeps-r", 1, "p1");
    await evictDurableObject(AGENT.getByName("sleeps") as never, { webSockets: "hibernate" });
    await assign("sleeps", "sleeps-r", 2, "p1", "p2");
    let desired = await link.next("desired");
    while (desired.pods.length < 2) desired = await link.next("desired");
    expect(podIdsOf(desired.pods)).toEqual(["p1", "p2"]);
    link.report(statusOf("p2", "sleeps-r"));
    await told("sleeps-r", { pods: [{ podId: "p2", phase: "ready" }] });
  });

  test("hibernated still knows which process its socket belongs to", async () => {
    await Link.greet(helloOf("dreams"));
    await evictDurableObject(AGENT.getByName("dreams") as never, { webSockets: "hibernate" });
    const second = await Link.open("dreams");
    second.send(helloOf("dreams", { bootId: "boot-2" }));
    expect(await second.next("refuse")).toMatchObject({ reason: "duplicate" });
  });

  test("reset has everything that it was told, and goes on counting where it was", async () => {
    const link = await Link.greet(helloOf("crashes"));
    await assign("crashes", "crashes-r", 3, "p1");
    link.report(statusOf("p1", "crashes-r"));
    await told("crashes-r", { pods: [{ podId: "p1" }] });
    const before = lastReport("crashes-r")?.sequence ?? Number.POSITIVE_INFINITY;
    const { controlPlaneId } = await link.next("desired");
    const described = await AGENT.getByName("crashes").describe();
    await abortAllDurableObjects();
    expect(await AGENT.getByName("crashes").describe()).toMatchObject({
      generation: described.generation,
      desired: described.desired,
      pods: [statusOf("p1", "crashes-r")],
    });
    const again = await Link.greet(helloOf("crashes", { pods: [statusOf("p1", "crashes-r")] }));
    const next = await again.next("desired");
    expect(next).toMatchObject({ controlPlaneId, pods: [{ podId: "p1" }] });
    expect(next.generation).toBeGreaterThan(described.generation);
    await vi.waitFor(() => expect(lastReport("crashes-r")?.sequence).toBeGreaterThan(before), { interval: 5 });
  });

  test.each([
    ["refuses", () => Promise.reject(new Error("not now"))],
    ["hangs", () => new Promise<void>(() => {})],
  ])("reset while the control plane %s tells it afterwards what it could not tell before", async (how, answer) => {
    const name = `mutes-${how}`;
    const link = await Link.greet(helloOf(name));
    const observed = vi.spyOn(ControlPlane.prototype, "agentObserved").mockImplementation(answer);
    link.close(CLOSE_STOPPING);
    await vi.waitFor(() => expect(observed).toHaveBeenCalled(), { interval: 5 });
    // By the time of this answer the refusal is known and on record.
    await AGENT.getByName(name).describe();
    await abortAllDurableObjects();
    observed.mockReset().mockResolvedValue(undefined);
    expect(await runDurableObjectAlarm(AGENT.getByName(name) as never)).toBe(true);
    expect(observed.mock.calls.map(([{ agentUid, connection }]) => [agentUid, connection])).toEqual([[name, "Lost"]]);
    observed.mockClear();
    await runDurableObjectAlarm(AGENT.getByName(name) as never);
    expect(observed).not.toHaveBeenCalled();
  });

  test("reset under an agent that never comes back finds out that it is gone", async () => {
    await Link.greet(helloOf("vanishes"));
    await assign("vanishes", "vanishes-r", 1, "p1");
    await abortAllDurableObjects();
    expect(await runDurableObjectAlarm(AGENT.getByName("vanishes") as never)).toBe(true);
    await told("vanishes-r", { connection: "Disconnected" });
    clockAheadBy(LOST_AFTER_MS + 1);
    expect(await runDurableObjectAlarm(AGENT.getByName("vanishes") as never)).toBe(true);
    await told("vanishes-r", { connection: "Lost" });
  });
});
