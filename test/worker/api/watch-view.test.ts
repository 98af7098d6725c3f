import { expect, test, vi } from "vitest";
import { failure } from "../../../src/core/resource/api-status.ts";
import { VIEW_TYPES, type ViewType } from "../../../src/core/resource/resource-type.ts";
import { digestVersion } from "../../../src/core/resource/watch-difference.ts";
import type { WatchEvent } from "../../../src/core/resource/watch-event.ts";
import { type ViewItem, ViewWatch } from "../../../src/worker/api/watch-view.ts";
import { get } from "./client.ts";
import { Watcher } from "./watcher.ts";

const POD = VIEW_TYPES.find(({ kind }) => kind === "Pod") as ViewType;
const pod = (name: string, resourceVersion = "1"): ViewItem => ({ metadata: { name, uid: name, resourceVersion } });

/** A watch of a list that the test changes. */
async function watchOf(items: ViewItem[], fieldSelector = "") {
  const state = { items, isFailing: false };
  const seen: string[] = [];
  const onEvents = (events: readonly WatchEvent[], version: number) => {
    expect(version % 2).toBe(1);
    seen.push(...events.map(({ type, object }) => `${type} ${(object as ViewItem).metadata.name}`));
  };
  const opened = await ViewWatch.open({
    type: POD,
    request: { version: null, sendInitialEvents: null, fieldSelector },
    labelSelector: "",
    list: async () => {
      if (state.isFailing) throw new Error("the object was reset");
      return { ok: true, value: state.items };
    },
    onEvents,
    onBroken: () => seen.push("broken"),
  });
  if (!opened.ok) throw new Error(opened.status.message);
  return { state, seen, watch: opened.value };
}

test("tells what changes from one look to the next, and survives looks that fail or lack an object", async () => {
  vi.useFakeTimers();
  const { state, seen, watch } = await watchOf([pod("a"), pod("b")]);
  state.isFailing = true;
  await vi.advanceTimersByTimeAsync(3_000);
  state.isFailing = false;
  state.items = [pod("b"), pod("c")];
  await vi.advanceTimersByTimeAsync(1_000);
  state.items = [pod("a", "2"), pod("c")];
  await vi.advanceTimersByTimeAsync(1_000);
  expect(seen).toEqual(["ADDED a", "ADDED b", "ADDED c", "MODIFIED a"]);
  await vi.advanceTimersByTimeAsync(1_000);
  watch.close();
  state.items = [];
  await vi.advanceTimersByTimeAsync(5_000);
  vi.useRealTimers();
  expect(seen).toEqual(["ADDED a", "ADDED b", "ADDED c", "MODIFIED a", "DELETED b"]);
});

test("gives up when nothing can be seen for a minute", async () => {
  vi.useFakeTimers();
  const { state, seen } = await watchOf([pod("a")]);
  state.isFailing = true;
  await vi.advanceTimersByTimeAsync(70_000);
  vi.useRealTimers();
  expect(seen).toEqual(["ADDED a", "broken"]);
});

test("watches have a limit, look the slower the more there are, and a closed one makes room", async () => {
  vi.useFakeTimers();
  const watches = await Promise.all(Array.from({ length: 200 }, () => watchOf([pod("a")])));
  await expect(watchOf([])).rejects.toThrow("there are 200 watches of computed kinds already");
  for (const { state } of watches) state.items = [pod("a", "2")];
  await vi.advanceTimersByTimeAsync(9_000);
  expect(watches.filter(({ seen }) => seen.length > 1).length).toBeLessThan(200);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(watches.every(({ seen }) => seen.join() === "ADDED a,MODIFIED a")).toBe(true);
  watches[0]?.watch.close();
  watches[0]?.watch.close();
  watches.push(await watchOf([]));
  await expect(watchOf([])).rejects.toThrow("try again later");
  for (const { watch } of watches) watch.close();
  vi.useRealTimers();
});

test("watches whose requests ended without a word are not counted for ever", async () => {
  vi.useFakeTimers();
  await Promise.all(Array.from({ length: 200 }, () => watchOf([])));
  vi.clearAllTimers();
  vi.setSystemTime(Date.now() + 121_000);
  const { watch } = await watchOf([]);
  watch.close();
  vi.useRealTimers();
});

test("sees what its selector lets it see", async () => {
  const { seen, watch } = await watchOf([pod("a"), pod("b")], "metadata.name=b");
  watch.close();
  expect(seen).toEqual(["ADDED b"]);
});

test("a list that is refused refuses the watch", async () => {
  const status = failure("ServiceUnavailable", "not now");
  const opened = await ViewWatch.open({
    type: POD,
    request: { version: null, sendInitialEvents: null, fieldSelector: "" },
    labelSelector: "",
    list: async () => ({ ok: false, status }),
    onEvents: () => {},
    onBroken: () => {},
  });
  expect(opened).toEqual({ ok: false, status });
});

test("the API's list of a view can be watched from where it ends", async () => {
  const { body } = await get("/api/v1/pods");
  expect(body.metadata.resourceVersion).toBe(String(digestVersion(body.items)));
  const watcher = await Watcher.open(
    "/api/v1/pods",
    `resourceVersion=${body.metadata.resourceVersion}&timeoutSeconds=1`,
  );
  expect(await watcher.rest()).toEqual([]);
});
