import { expect, test, vi } from "vitest";
import { WatchStream } from "../../../src/worker/api/watch-stream.ts";

const NEVER_MS = 1_000_000;

function streamWith(change: { timeoutMs?: number; silenceMs?: number; bookmarkMs?: number; maxBufferBytes?: number }) {
  const { timeoutMs = NEVER_MS, silenceMs = NEVER_MS, bookmarkMs = NEVER_MS, maxBufferBytes = 10_000 } = change;
  const onEnd = vi.fn();
  let version = 0;
  const stream = new WatchStream({
    timing: { timeoutMs, silenceMs, bookmarkMs },
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
