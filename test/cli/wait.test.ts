import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ApiClient } from "../../src/cli/api/api-client.ts";
import { waitForDeletion, waitForReady } from "../../src/cli/api/wait-ready.ts";
import { Progress } from "../../src/cli/text/progress.ts";
import type { KubeObject } from "../../src/core/resource/object.ts";
import { type FakeApi, startFakeApi } from "./fake-api.ts";

const PATH = "/apis/serving.knative.dev/v1/namespaces/default/services/hello";

let api: FakeApi;
beforeEach(async () => {
  api = await startFakeApi();
});
afterEach(() => api[Symbol.asyncDispose]());

/** The service as it looks with a condition Ready; its generation is 2. */
function hello(status: string, message = "", observedGeneration = 2): KubeObject {
  const condition = { type: "Ready", status, ...(message === "" ? {} : { reason: "Why", message }) };
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: {
      name: "hello",
      namespace: "default",
      uid: "u",
      resourceVersion: "",
      generation: 2,
      creationTimestamp: "",
    },
    spec: {},
    status: { observedGeneration, conditions: [condition], latestReadyRevisionName: "hello-00002" },
  } as KubeObject;
}

function wait(options: { timeoutMs?: number; windowMs?: number; signal?: AbortSignal } = {}) {
  const messages: string[] = [];
  const { timeoutMs = 5_000, windowMs = 5_000, signal = new AbortController().signal } = options;
  const onMessage = (message: string) => void messages.push(message);
  const result = waitForReady(new ApiClient(api.url, "t"), "default", "hello", {
    timeoutMs,
    windowMs,
    signal,
    onMessage,
  });
  return { messages, result };
}

describe("waiting for a service", () => {
  it("ends at once when it is ready already", async () => {
    api.put(PATH, hello("True"));
    await wait().result;
    expect(api.requests).toEqual([`GET ${PATH}`]);
  });

  it("follows its events, tells what it waits for, and ends when it is ready", async () => {
    api.put(PATH, hello("Unknown", "first"));
    const { messages, result } = wait();
    await api.watched();
    api.put(PATH, hello("Unknown", "second"));
    api.put(PATH, hello("True"));
    expect(await result).toMatchObject({ status: { latestReadyRevisionName: "hello-00002" } });
    expect(messages).toEqual(["first", "second"]);
  });

  it("does not believe the condition of an older generation", async () => {
    api.put(PATH, hello("True", "", 1));
    const { result } = wait({ timeoutMs: 300 });
    await expect(result).rejects.toThrow("service 'hello' not ready after 0.3 seconds: not reconciled yet");
  });

  it("lets a failure turn within the window", async () => {
    api.put(PATH, hello("False", "it broke"));
    const { result } = wait();
    await api.watched();
    api.put(PATH, hello("Unknown", "again"));
    api.put(PATH, hello("True"));
    await result;
  });

  it("fails with reason, message and what to do when the window is over", async () => {
    api.put(PATH, hello("False", "it broke"));
    await expect(wait({ windowMs: 50 }).result).rejects.toMatchObject({
      message: "service 'hello' failed: Why: it broke",
      remedy: "Its pods and where their logs are: rouse service describe hello",
      exitCode: 4,
    });
  });

  it("gives up at its deadline", async () => {
    api.put(PATH, hello("Unknown", "still at it"));
    await expect(wait({ timeoutMs: 100 }).result).rejects.toMatchObject({
      message: "service 'hello' not ready after 0.1 seconds: Why: still at it",
      exitCode: 4,
    });
  });

  it.each([
    [
      "a revision that has a message",
      { reason: "Deploying", message: "no agent is connected" },
      "revision hello-00003: Deploying: no agent is connected",
    ],
    ["a revision that has a reason", { reason: "Deploying" }, "revision hello-00003: Deploying"],
    ["a revision that has none", {}, "waiting for revision hello-00003"],
  ])("gives up with what it waited for: %s", async (_, condition, reason) => {
    const conditions = [{ type: "Ready", status: "Unknown" }];
    const status = { observedGeneration: 2, conditions, latestCreatedRevisionName: "hello-00003" };
    api.put(PATH, { ...hello("Unknown"), status });
    const below = { ...hello("Unknown"), status: { conditions: [{ ...conditions[0], ...condition }] } };
    api.put(PATH.replace("services/hello", "revisions/hello-00003"), below);
    await expect(wait({ timeoutMs: 100 }).result).rejects.toThrow(`not ready after 0.1 seconds: ${reason}`);
  });

  it("gives up with the newest condition that says something, where Ready does not", async () => {
    // Ready takes no reason from a condition below it that is Unknown without one.
    const open = (type: string, minute: number, reason?: string) => ({
      ...{ type, status: "Unknown", lastTransitionTime: `2026-11-23T10:0${minute}:00Z` },
      ...(reason === undefined ? {} : { reason }),
    });
    const conditions = [open("Ready", 1), open("RoutesReady", 2, "Later"), open("ConfigurationsReady", 1, "Earlier")];
    api.put(PATH, { ...hello("Unknown"), status: { observedGeneration: 2, conditions } } as KubeObject);
    await expect(wait({ timeoutMs: 100 }).result).rejects.toThrow("not ready after 0.1 seconds: Later");
  });

  it("stops at Ctrl-C, and says that the service goes on", async () => {
    api.put(PATH, hello("Unknown", "still at it"));
    const controller = new AbortController();
    const { result } = wait({ signal: controller.signal });
    await api.watched();
    controller.abort();
    await expect(result).rejects.toMatchObject({ message: "stopped waiting for service 'hello'", exitCode: 130 });
  });

  it("ends when the service is deleted", async () => {
    api.put(PATH, hello("Unknown"));
    const { result } = wait();
    await api.watched();
    api.sendLine(JSON.stringify({ type: "DELETED", object: hello("Unknown") }));
    await expect(result).rejects.toThrow("service 'hello' was deleted while waiting for it");
  });

  it.each([
    ["that the server closes", () => api.closeWatches()],
    ["that ends with an error event", () => api.sendLine('{"type":"ERROR","object":{"kind":"Status","code":410}}')],
    ["with half a line", () => (api.sendLine('{"type":"MODI'), api.closeWatches())],
  ])("goes on after a watch %s, and misses nothing in between", async (_, interrupt) => {
    api.put(PATH, hello("Unknown", "first"));
    const { result } = wait();
    await api.watched();
    api.objects.set(PATH, { ...hello("True"), metadata: { ...hello("True").metadata, resourceVersion: "9" } });
    interrupt();
    await result;
  });

  it("takes blank lines and bookmarks for what they are", async () => {
    api.put(PATH, hello("Unknown", "first"));
    const { messages, result } = wait();
    await api.watched();
    api.sendLine("");
    api.sendLine('{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"5"}}}');
    api.put(PATH, hello("True"));
    await result;
    expect(messages).toEqual(["first"]);
  });

  it("asks each second where there is no watch", async () => {
    api.hasWatch = false;
    api.put(PATH, hello("Unknown", "first"));
    const { messages, result } = wait();
    setTimeout(() => api.put(PATH, hello("True")), 100);
    await result;
    expect(messages).toEqual(["first"]);
    expect(api.requests.filter((request) => request === `GET ${PATH}`)).toHaveLength(2);
  });
});

describe("waiting for the end of a service", () => {
  const gone = (timeoutMs: number, signal = new AbortController().signal) =>
    waitForDeletion(new ApiClient(api.url, "t"), "default", "hello", { timeoutMs, signal });

  it("ends with the event, or when it is not there", async () => {
    await gone(1_000);
    api.put(PATH, hello("True"));
    const result = gone(5_000);
    await api.watched();
    api.sendLine(JSON.stringify({ type: "DELETED", object: hello("True") }));
    await result;
  });

  it("gives up at its deadline", async () => {
    api.put(PATH, hello("True"));
    await expect(gone(100)).rejects.toMatchObject({ exitCode: 4 });
  });
});

describe("progress", () => {
  it("has kn's form: the same message again is only a sign of life", () => {
    const lines: string[] = [];
    let nowMs = 1_000;
    const progress = new Progress(
      (line) => lines.push(line),
      () => nowMs,
    );
    nowMs += 52;
    progress.say("The Route is still working to reflect the latest desired specification.");
    nowMs += 20;
    progress.say("The Route is still working to reflect the latest desired specification.");
    nowMs += 12_000;
    progress.say("Ready to serve.");
    expect(lines).toEqual([
      "  0.052s The Route is still working to reflect the latest desired specification.",
      "  0.072s ...",
      " 12.072s Ready to serve.",
    ]);
  });
});
