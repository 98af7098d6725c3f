import { abortAllDurableObjects, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import type { ControlPlaneRpc } from "../../../src/core/protocol/control-plane.ts";
import { CONTROL_PLANE_NAME, type ObjectNamespace } from "../../../src/core/protocol/objects.ts";
import { get, post, remove } from "../../worker/api/client.ts";
import { requestWatch, textOf, Watcher } from "../../worker/api/watcher.ts";

const { CONTROL_PLANE } = env as unknown as { readonly CONTROL_PLANE: ObjectNamespace<ControlPlaneRpc> };
const MAPS = "/api/v1/namespaces/default/configmaps";

const stub = () => CONTROL_PLANE.getByName(CONTROL_PLANE_NAME) as never;
const configMap = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name } });
const inPlane = <T>(look: (state: DurableObjectState) => T): Promise<T> =>
  runInDurableObject(stub(), (_, state) => look(state));
const openSockets = () => inPlane((state) => state.getWebSockets().length);

async function watchFromNow(query = ""): Promise<Watcher> {
  const { metadata } = (await get(MAPS)).body;
  return Watcher.open(MAPS, `resourceVersion=${metadata.resourceVersion}${query}`);
}

/** Names of the objects that events are about, up to the one called `last`. */
async function namesUntil(watcher: Watcher, last: string): Promise<string[]> {
  return (await watcher.until(({ object }) => object.metadata.name === last)).map(({ object }) => object.metadata.name);
}

describe("a watch outlives", () => {
  test("resets of the object, without loss and without repetition", async () => {
    const watcher = await watchFromNow();
    const names: string[] = [];
    for (let round = 0; round < 8; round++) {
      names.push(`reset-${round}-a`, `reset-${round}-b`);
      await post(MAPS, configMap(`reset-${round}-a`));
      if (round % 2 === 0) await abortAllDurableObjects();
      await post(MAPS, configMap(`reset-${round}-b`));
      if (round % 3 === 0) await abortAllDurableObjects();
    }
    expect(await namesUntil(watcher, "reset-7-b")).toEqual(names);
    await watcher.close();
  });

  test("a deletion that happens while there is no link", async () => {
    await post(MAPS, configMap("lost"));
    const watcher = await watchFromNow(`&fieldSelector=metadata.name%3Dlost`);
    await abortAllDurableObjects();
    await remove(`${MAPS}/lost`);
    expect(textOf((await watcher.next()) ?? { type: "", object: {} })).toBe("DELETED lost");
    await watcher.close();
  });

  test("the hibernation of the object", async () => {
    const watcher = await watchFromNow();
    await post(MAPS, configMap("awake"));
    await evictDurableObject(stub(), { webSockets: "hibernate" });
    await post(MAPS, configMap("woken"));
    expect(await namesUntil(watcher, "woken")).toEqual(["awake", "woken"]);
    await watcher.close();
  });
});

test("a watch whose version left the log while it had no link ends with ERROR 410", async () => {
  const watcher = await watchFromNow();
  await inPlane((state) => {
    const horizon =
      "INSERT OR REPLACE INTO counters SELECT 'eventHorizon', value FROM counters WHERE name = 'resourceVersion'";
    state.storage.sql.exec("UPDATE counters SET value = value + 1000 WHERE name = 'resourceVersion'");
    state.storage.sql.exec(horizon);
  });
  await abortAllDurableObjects();
  const events = await watcher.rest();
  expect(events.map(textOf)).toEqual(["ERROR Expired"]);
});

test("a client that leaves takes its socket along", async () => {
  await vi.waitFor(async () => expect(await openSockets()).toBe(0));
  const watchers = await Promise.all([watchFromNow(), watchFromNow()]);
  expect(await openSockets()).toBe(2);
  await watchers[0].close();
  await vi.waitFor(async () => expect(await openSockets()).toBe(1));
  await watchers[1].close();
  await vi.waitFor(async () => expect(await openSockets()).toBe(0));
});

test("a watch that ends by itself gives its socket back", async () => {
  const watcher = await watchFromNow("&timeoutSeconds=1");
  expect(await watcher.rest()).toEqual([]);
  await vi.waitFor(async () => expect(await openSockets()).toBe(0));
});

test("a hundred watchers get each event once and in order", async () => {
  const watchers = await Promise.all(Array.from({ length: 100 }, () => watchFromNow()));
  const names = Array.from({ length: 30 }, (_, index) => `many-${index}`);
  for (const name of names) await post(MAPS, configMap(name));
  for (const watcher of watchers) expect(await namesUntil(watcher, "many-29")).toEqual(names);
  await Promise.all(watchers.map((watcher) => watcher.close()));
  await vi.waitFor(async () => expect(await openSockets()).toBe(0));
});

test("a watcher that nothing concerns hears how far it is, so that it can resume when the log moved on", async () => {
  const watcher = await watchFromNow("&labelSelector=never%3Dseen&allowWatchBookmarks=true");
  await evictDurableObject(stub(), { webSockets: "hibernate" });
  await post(MAPS, configMap("elsewhere"));
  await inPlane((state) => {
    // The log forgets everything: the link resumes from what it was told, not from where it began.
    state.storage.sql.exec(
      "INSERT OR REPLACE INTO counters SELECT 'eventHorizon', value FROM counters WHERE name = 'resourceVersion'",
    );
  });
  await abortAllDurableObjects();
  await post(MAPS, { ...configMap("seen"), metadata: { name: "seen", labels: { never: "seen" } } });
  expect(textOf((await watcher.next()) ?? { type: "", object: {} })).toBe("ADDED seen");
  await watcher.close();
});

test("more watchers than the object takes are sent away for a while", async () => {
  await vi.waitFor(async () => expect(await openSockets()).toBe(0));
  const path = `/watch?query=${encodeURIComponent(JSON.stringify({ kind: "Secret", namespace: null, labelSelector: "", fieldSelector: "", version: null, sendInitialEvents: null }))}`;
  const sockets: WebSocket[] = [];
  for (let count = 0; count < 2_000; count++) {
    const request = new Request(`http://plane${path}`, { headers: { upgrade: "websocket" } });
    const { webSocket } = (await CONTROL_PLANE.getByName(CONTROL_PLANE_NAME).fetch(request)) as Response;
    webSocket?.accept();
    if (webSocket !== null) sockets.push(webSocket);
  }
  const response = await requestWatch(`${MAPS}?watch=true`);
  expect(response.status).toBe(503);
  expect(response.headers.get("retry-after")).toBe("10");
  expect(await response.json()).toMatchObject({ kind: "Status", details: { retryAfterSeconds: 10 } });
  for (const socket of sockets) socket.close(1000);
  await vi.waitFor(async () => expect(await openSockets()).toBe(0), { timeout: 5_000 });
  await (await Watcher.open(MAPS)).close();
});

test("a watch that would start with more than can be kept for it says how to go on", async () => {
  const secrets = "/api/v1/namespaces/default/secrets";
  const secret = (name: string, data = {}) => ({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name },
    stringData: data,
  });
  const created = (await post(secrets, secret("first"))).body;
  for (let index = 0; index < 9; index++) {
    const { status } = await post(secrets, secret(`large-${index}`, { a: "x".repeat(700_000) }));
    expect(status).toBe(201);
  }
  const refused = await requestWatch(`${secrets}?watch=true`);
  expect(refused.status).toBe(413);
  expect(((await refused.json()) as { message: string }).message).toContain("watch from the list's resourceVersion");

  const replay = await Watcher.open(secrets, `resourceVersion=${created.metadata.resourceVersion}`);
  expect((await replay.rest()).map(textOf)).toEqual(["ERROR Expired"]);

  const list = (await get(`${secrets}?limit=1`)).body;
  const watcher = await Watcher.open(secrets, `resourceVersion=${list.metadata.resourceVersion}`);
  await remove(`${secrets}/first`);
  expect(textOf((await watcher.next()) ?? { type: "", object: {} })).toBe("DELETED first");
  await watcher.close();
});
