import { once } from "node:events";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { joinOnce } from "../../src/cli/join.ts";

const received: unknown[] = [];
let answer: { status: number; body: unknown } = { status: 200, body: {} };
const edge = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  received.push([request.method, request.url, JSON.parse(Buffer.concat(chunks).toString())]);
  response.writeHead(answer.status, { "content-type": "application/json" }).end(JSON.stringify(answer.body));
});
let url = "";
let stateDir = "";

beforeEach(async () => {
  received.length = 0;
  stateDir = mkdtempSync(join(tmpdir(), "rouse-join-"));
  edge.listen(0, "127.0.0.1");
  await once(edge, "listening");
  const address = edge.address();
  url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
});
afterEach(async () => {
  edge.closeAllConnections();
  edge.close();
  await once(edge, "close");
  rmSync(stateDir, { recursive: true });
});

describe("joining", () => {
  it("happens once: the identity is kept for later starts, readable by its owner only", async () => {
    answer = { status: 200, body: { agentUid: "u1", credential: "c1" } };
    const first = await joinOnce({ edge: url, token: "t", name: "n", stateDir });
    expect(first).toEqual({ agentUid: "u1", credential: "c1", name: "n" });
    expect(received).toEqual([["POST", "/rouse/v1/join", { token: "t", name: "n" }]]);
    expect(statSync(join(stateDir, "identity.json")).mode & 0o777).toBe(0o600);
    expect(await joinOnce({ edge: url, stateDir })).toEqual(first);
    expect(received).toHaveLength(1);
  });

  it("gives a name that lasts until another is given, at first the machine's", async () => {
    answer = { status: 200, body: { agentUid: "u1", credential: "c1" } };
    const start = async (name?: string) =>
      (await joinOnce({ edge: url, token: "t", stateDir, ...(name === undefined ? {} : { name }) })).name;
    expect(await start()).toBe(hostname());
    expect(received).toEqual([["POST", "/rouse/v1/join", { token: "t", name: hostname() }]]);
    expect(await start("other")).toBe("other");
    expect(await start()).toBe("other");
  });

  it("of an earlier version, which kept no name, still counts", async () => {
    writeFileSync(join(stateDir, "identity.json"), '{"agentUid":"u1","credential":"c1"}');
    expect(await joinOnce({ edge: url, stateDir })).toEqual({ agentUid: "u1", credential: "c1", name: hostname() });
  });

  it("needs a token the first time", async () => {
    await expect(joinOnce({ edge: url, name: "n", stateDir })).rejects.toMatchObject({
      message: expect.stringContaining("has not joined yet"),
      remedy: expect.stringContaining("token create"),
    });
  });

  it("with a used token says how to get another", async () => {
    answer = { status: 401, body: { message: "unknown" } };
    await expect(joinOnce({ edge: url, token: "t", name: "n", stateDir })).rejects.toMatchObject({
      message: `${url} does not accept this join token`,
      remedy: expect.stringContaining("get a new one"),
    });
  });

  it("at something that is no edge is refused", async () => {
    answer = { status: 200, body: { hello: "world" } };
    await expect(joinOnce({ edge: url, token: "t", name: "n", stateDir })).rejects.toThrow("did not answer as an edge");
  });
});
