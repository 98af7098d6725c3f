import { expect, test, vi } from "vitest";
import { type StreamTiming, WatchStream } from "../../../src/worker/api/watch-stream.ts";

const NEVER_MS = 1_000_000;

function streamWith(change: Partial<StreamTiming> & { maxBufferBytes?: number }) {
  const { maxBufferBytes = 10_000, ...timing } = change;
  const onEnd = vi.fn();
  let version = 0;
  const stream = new WatchStream({
    timing: { timeoutMs: NEVER_MS, silenceMs: NEVER_MS, bookmarkMs: NEVER_MS, stallMs: NEVER_MS, ...timing },
    maxBufferBytes,
    toWire: (object) => object,
    bookmark: () => {
      version += 1;
      return version === 1 ? null : { version };
    },
    onEnd,
  });
  return { stream, onEnd };
}

/** A line of 38 bytes and the name. */
const event = (name: string) => ({ type: "ADDED" as const, object: { name } });

test("a client that does not read is cut off, with what it did not read, and can be forgotten", async () => {
  const { stream, onEnd } = streamWith({ maxBufferBytes: 1_000 });
  const reader = stream.body.getReader();
  stream.write([event("read")]);
  await reader.read();
  for (let count = 0; count < 8; count++) stream.write([event("x".repeat(80))]);
  expect(onEnd).not.toHaveBeenCalled();
  stream.write([event("x".repeat(200))]);
  expect(onEnd).toHaveBeenCalledOnce();
  expect(stream.isOpen).toBe(false);
  stream.write([event("after the end")]);
  await expect(reader.read()).rejects.toThrow("reads too slowly");
});

test("a client gets all that a watch starts with, and the bound is for what comes later", async () => {
  const { stream, onEnd } = streamWith({ maxBufferBytes: 1_000 });
  const reader = stream.body.getReader();
  for (let count = 0; count < 3; count++) stream.write([event("x".repeat(2_000))], true);
  stream.write([event("x".repeat(800))]);
  for (let count = 0; count < 4; count++) await reader.read();
  expect(onEnd).not.toHaveBeenCalled();
  stream.write([event("x".repeat(1_100))]);
  expect(onEnd).toHaveBeenCalledOnce();
});

test("a client that reads nothing for a while is cut off, one that reads slowly is not", async () => {
  vi.useFakeTimers();
  const { stream, onEnd } = streamWith({ stallMs: 1_000 });
  const reader = stream.body.getReader();
  for (let count = 0; count < 5; count++) stream.write([event("a")], true);
  for (let count = 0; count < 4; count++) {
    await reader.read();
    vi.advanceTimersByTime(1_000);
  }
  expect(onEnd).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1_000);
  vi.useRealTimers();
  expect(onEnd).toHaveBeenCalledOnce();
  await expect(reader.read()).rejects.toThrow("reads too slowly");
});

test("a client that reads gets any amount", async () => {
  const { stream, onEnd } = streamWith({ maxBufferBytes: 1_000 });
  const reader = stream.body.getReader();
  for (let count = 0; count < 100; count++) {
    stream.write([event("x".repeat(500))]);
    expect((await reader.read()).value?.byteLength).toBe(538);
  }
  expect(onEnd).not.toHaveBeenCalled();
  await reader.cancel();
  expect(onEnd).toHaveBeenCalledOnce();
});

test("an empty line breaks each silence", async () => {
  const { stream } = streamWith({ silenceMs: 10 });
  const reader = stream.body.getReader();
  expect(new TextDecoder().decode((await reader.read()).value)).toBe("\n");
  expect(new TextDecoder().decode((await reader.read()).value)).toBe("\n");
  await reader.cancel();
});

test("bookmarks come by themselves once there is something to mark", async () => {
  const { stream } = streamWith({ bookmarkMs: 10 });
  const reader = stream.body.getReader();
  expect(new TextDecoder().decode((await reader.read()).value)).toBe('{"type":"BOOKMARK","object":{"version":2}}\n');
  await reader.cancel();
});

test("the end comes at its time and after what was written", async () => {
  const { stream, onEnd } = streamWith({ timeoutMs: 20 });
  stream.write([event("one")]);
  expect(await new Response(stream.body).text()).toBe('{"type":"ADDED","object":{"name":"one"}}\n');
  expect(onEnd).toHaveBeenCalledOnce();
});
