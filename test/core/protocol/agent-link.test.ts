import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseAgentFrame, parseEdgeFrame } from "../../../src/core/protocol/agent-link.ts";

const status = { podId: "p", revisionUid: "r", phase: "ready", startMs: 1, readyMs: 2 };
const stats = {
  ...{ podId: "p", revisionUid: "r", averageConcurrency: 1, averageProxiedConcurrency: 0, requestCount: 1 },
  ...{ proxiedRequestCount: 0, inFlight: 1, proxiedInFlight: 0, queueDepth: 0, sockets: ["s"] },
};
const hello = {
  ...{ type: "hello", version: 1, agentUid: "a", name: "m", bootId: "b", machineId: "i", labels: {} },
  capacity: { pods: 1, cpuMillis: 1, memoryBytes: 1 },
  ...{ drivers: ["process"], dataUrl: "http://127.0.0.1:8012", clockMs: 1, controlPlaneId: null, generation: 0 },
  pods: [status],
};
const wanted = { podId: "p", revisionUid: "r", wanted: "running", drainLimitMs: null, template: {} };
const welcome = { type: "welcome", version: 1, controlPlaneId: "cp", keys: [{ epoch: 1, key: "k" }], clockMs: 1 };
const desired = { type: "desired", controlPlaneId: "cp", generation: 1, pods: [wanted] };
const refuse = { type: "refuse", reason: "duplicate", message: "m" };

const agentFrames: Record<string, unknown>[] = [
  hello,
  { type: "status", generation: 1, pods: [status] },
  { type: "stats", measuredAtMs: 1, pods: [stats] },
];
const edgeFrames: Record<string, unknown>[] = [welcome, desired, refuse];

/** The frame with the value at `path` replaced; undefined takes the field away. */
function broken(frame: unknown, path: readonly (string | number)[], value: unknown): string {
  const copy = structuredClone(frame);
  const last = path.at(-1) ?? "";
  const owner = path.slice(0, -1).reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], copy);
  (owner as Record<string, unknown>)[last] = value;
  return JSON.stringify(copy);
}

describe.each([
  ["parseAgentFrame", parseAgentFrame, agentFrames],
  ["parseEdgeFrame", parseEdgeFrame, edgeFrames],
] as const)("%s", (_, parse, frames) => {
  it("reads every frame, with fields that a later version adds", () => {
    for (const frame of frames) {
      const later = { ...frame, addedLater: { a: 1 } };
      expect(parse(JSON.stringify(later))).toEqual(later);
    }
  });

  it.each(["", "{", "null", "1", '"hello"', "[]"])("says that %j is not an object", (text) => {
    expect(parse(text)).toEqual({ type: "invalid", message: "the frame is not a JSON object" });
  });

  it.each(["{}", '{"type":"other"}', '{"type":null}', '{"type":["hello"]}'])("names the type of %j", (text) => {
    expect(parse(text)).toMatchObject({ type: "invalid", message: expect.stringMatching(/^type: .* is not a frame/) });
  });

  it("answers any JSON without throwing", () => {
    const types = fc.constantFrom("hello", "status", "stats", "welcome", "desired", "refuse");
    fc.assert(
      fc.property(types, fc.dictionary(fc.string(), fc.jsonValue()), (type, rest) => {
        expect(typeof parse(JSON.stringify({ ...rest, type })).type).toBe("string");
      }),
    );
  });
});

describe("a wrong field is named", () => {
  const missing = { agent: [] as [string, string, string][], edge: [] as [string, string, string][] };
  for (const [side, frames] of [
    ["agent", agentFrames],
    ["edge", edgeFrames],
  ] as const) {
    for (const frame of frames) {
      for (const field of Object.keys(frame)) {
        // Unversioned leniency: an agent without a control plane may leave it out, and the edge's version is for people.
        if (field === "type" || (field === "controlPlaneId" && frame.type === "hello")) continue;
        if (field === "version" && frame.type === "welcome") continue;
        missing[side].push([String(frame.type), field, broken(frame, [field], undefined)]);
      }
    }
  }

  it.each(missing.agent)("%s without %s", (_, field, text) => {
    expect(parseAgentFrame(text)).toEqual({ type: "invalid", message: `${field}: missing or of the wrong kind` });
  });

  it.each(missing.edge)("%s without %s", (_, field, text) => {
    expect(parseEdgeFrame(text)).toEqual({ type: "invalid", message: `${field}: missing or of the wrong kind` });
  });

  it.each<[string, unknown, (string | number)[], unknown]>([
    ["capacity.pods", hello, ["capacity", "pods"], "4"],
    ["capacity", hello, ["capacity"], []],
    ["system.architecture", hello, ["system"], { operatingSystem: "linux" }],
    ["dataUrl", hello, ["dataUrl"], "ftp://x"],
    ["drivers[1]", hello, ["drivers", 1], 5],
    ["pods[0].phase", hello, ["pods", 0, "phase"], undefined],
    ["pods[0]", hello, ["pods", 0], "p"],
    ["pods[0].readyMs", agentFrames[1], ["pods", 0, "readyMs"], null],
    ["pods[0].proxiedInFlight", agentFrames[2], ["pods", 0, "proxiedInFlight"], undefined],
    ["pods[0].sockets[0]", agentFrames[2], ["pods", 0, "sockets", 0], 1],
    ["pods[0].inFlight", agentFrames[2], ["pods", 0, "inFlight"], "1"],
  ])("%s of the agent", (field, frame, path, value) => {
    const message = `${field}: missing or of the wrong kind`;
    expect(parseAgentFrame(broken(frame, path, value))).toEqual({ type: "invalid", message });
  });

  it.each<[string, unknown, (string | number)[], unknown]>([
    ["keys[0].epoch", welcome, ["keys", 0, "epoch"], "1"],
    ["keys[0].key", welcome, ["keys", 0, "key"], undefined],
    ["pods[0].template", desired, ["pods", 0, "template"], null],
    ["pods[0].wanted", desired, ["pods", 0, "wanted"], 1],
  ])("%s of the edge", (field, frame, path, value) => {
    const message = `${field}: missing or of the wrong kind`;
    expect(parseEdgeFrame(broken(frame, path, value))).toEqual({ type: "invalid", message });
  });
});
