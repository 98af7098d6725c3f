import { expect, test } from "vitest";
import { eventKey, nextEvent } from "../../../src/core/resource/event.ts";
import { NOW_MS, revision, service } from "../reconcile/fixtures.ts";

const CREATED = {
  object: service("hello"),
  type: "Normal",
  reason: "Created",
  message: 'Created Route "hello"',
} as const;

test("an event says what happened to which object and when", () => {
  expect(nextEvent(CREATED, null, "uid-event", NOW_MS)).toMatchObject({
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: expect.stringMatching(/^hello\.[0-9a-f]{16}$/), namespace: "default", uid: "uid-event" },
    involvedObject: { apiVersion: "serving.knative.dev/v1", kind: "Service", name: "hello", uid: "uid-hello" },
    ...{ type: "Normal", reason: "Created", message: 'Created Route "hello"', count: 1 },
    ...{ firstTimestamp: "2026-01-31T12:00:00Z", lastTimestamp: "2026-01-31T12:00:00Z" },
    source: { component: "rouse-control-plane" },
  });
});

test("the same again counts up under the same name", () => {
  const first = nextEvent(CREATED, null, "uid-event", NOW_MS);
  expect(nextEvent(CREATED, first, "uid-event", NOW_MS + 60_000)).toEqual({
    ...first,
    count: 2,
    lastTimestamp: "2026-01-31T12:01:00Z",
  });
});

test("another message, reason or object is another event", () => {
  const names = [
    CREATED,
    { ...CREATED, message: 'Created Configuration "hello"' },
    { ...CREATED, reason: "Updated" },
    { ...CREATED, object: revision("hello", "True", { uid: "uid-other" }) },
  ].map((happening) => eventKey(happening).name);
  expect(new Set(names).size).toBe(4);
});

test("what happens to an object without a namespace is kept in the default one", () => {
  const { namespace: _none, ...metadata } = service("farm").metadata;
  const object = { apiVersion: "v1", kind: "Namespace" as const, metadata };
  expect(eventKey({ ...CREATED, object }).namespace).toBe("default");
});
