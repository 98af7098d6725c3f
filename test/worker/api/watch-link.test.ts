/** Links that drop at any point of their start. The test is the ControlPlane object. */
import { expect, test } from "vitest";
import type { WatchFrame, WatchLinkQuery } from "../../../src/core/protocol/watch-link.ts";
import { WatchLink } from "../../../src/worker/api/watch-link.ts";

type Opened = { readonly query: WatchLinkQuery; readonly socket: WebSocket };

const QUERY: WatchLinkQuery = {
  ...{ kind: "Service", namespace: "default", labelSelector: "", fieldSelector: "metadata.name=hello" },
  ...{ version: 10, sendInitialEvents: null },
};

/** A link of which the test has the other end, as often as it is opened. */
async function openLink(query: WatchLinkQuery) {
  const frames: WatchFrame[] = [];
  const broken = Promise.withResolvers<unknown>();
  const waiting: Opened[] = [];
  let wakeUp = Promise.withResolvers<void>();
  const opened = await WatchLink.open({
    query,
    openSocket: async (path) => {
      const { 0: client, 1: socket } = new WebSocketPair();
      socket.accept();
      const sent = new URL(path, "http://plane").searchParams.get("query");
      waiting.push({ query: JSON.parse(sent ?? "") as WatchLinkQuery, socket });
      wakeUp.resolve();
      return new Response(null, { status: 101, webSocket: client });
    },
    onFrame: (frame) => {
      frames.push(frame);
      wakeUp.resolve();
    },
    onBroken: broken.resolve,
  });
  if (!opened.ok) throw new Error(opened.status.message);
  const until = async <T>(look: () => T | undefined): Promise<T> => {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      await wakeUp.promise;
      wakeUp = Promise.withResolvers();
    }
  };
  return {
    link: opened.value,
    broken: broken.promise,
    nextSocket: () => until(() => waiting.shift()),
    frameCount: (count: number) => until(() => (frames.length >= count ? frames.length : undefined)),
  };
}

const send = (socket: WebSocket, version: number | null) => socket.send(JSON.stringify({ version, events: [] }));

test("before its first frame it begins again as the client did, from the version of an object", async () => {
  const { link, nextSocket } = await openLink(QUERY);
  for (let round = 0; round < 2; round++) {
    const { query, socket } = await nextSocket();
    expect(query).toEqual(QUERY);
    socket.close(1011);
  }
  link.close();
});

test("before its first frame it begins again with the initial events", async () => {
  const initial = { ...QUERY, version: null, sendInitialEvents: true };
  const { link, nextSocket } = await openLink(initial);
  (await nextSocket()).socket.close(1011);
  expect((await nextSocket()).query).toEqual(initial);
  link.close();
});

test("after a frame it goes on behind it, as a list would", async () => {
  const { link, nextSocket, frameCount } = await openLink(QUERY);
  const first = await nextSocket();
  send(first.socket, 14);
  await frameCount(1);
  first.socket.close(1011);
  expect((await nextSocket()).query).toEqual({ ...QUERY, version: 15 });
  link.close();
});

test("in the middle of initial events there is nothing to go on from", async () => {
  const { broken, nextSocket, frameCount } = await openLink({ ...QUERY, version: null });
  const { socket } = await nextSocket();
  send(socket, null);
  await frameCount(1);
  socket.close(1011);
  expect(await broken).toBeNull();
});
