import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findLog, type PodView } from "../../src/cli/api/pod-view.ts";
import { type RevisionView, serviceState } from "../../src/cli/api/service-state.ts";
import { age, describeService, reachableUrl, serviceTable, table } from "../../src/cli/api/service-text.ts";
import { type Condition, readinessOf, type ServiceView } from "../../src/cli/api/service-view.ts";

const CREATED = "2026-11-23T10:00:00Z";
const nowMs = Date.parse("2026-11-23T10:05:30Z");

const hello: ServiceView = {
  metadata: { name: "hello", namespace: "default", creationTimestamp: CREATED, generation: 1 },
  status: {
    url: "http://hello.default.localhost",
    latestCreatedRevisionName: "hello-00001",
    observedGeneration: 1,
    conditions: [
      { type: "ConfigurationsReady", status: "True" },
      { type: "Ready", status: "True" },
      { type: "RoutesReady", status: "True" },
    ],
    traffic: [{ revisionName: "hello-00001", percent: 100, latestRevision: true }],
  },
};

const EDGE = "http://127.0.0.1:8080";
const revision = (actualReplicas: number, desiredReplicas: number, service = "hello"): RevisionView => ({
  metadata: { name: `${service}-00001`, labels: { "serving.knative.dev/service": service } },
  status: { actualReplicas, desiredReplicas },
});
const withConditions = (...conditions: readonly Condition[]): ServiceView => ({
  ...hello,
  status: { ...hello.status, conditions },
});

describe("the state of a service", () => {
  const failed = withConditions({ type: "Ready", status: "False" });
  const unknown = withConditions({ type: "Ready", status: "Unknown" });
  it.each([
    ["Asleep", hello, [revision(0, 0)]],
    ["Awake", hello, [revision(1, 1)]],
    ["Awake", hello, [revision(1, 0)]],
    ["Starting", hello, [revision(0, 1)]],
    ["Starting", unknown, []],
    ["Failed", failed, [revision(0, 1)]],
    ["Asleep", hello, [revision(3, 3, "other")]],
  ])("is %s by its condition and its own pods", (word, service, revisions) => {
    expect(serviceState(service, revisions).word).toBe(word);
  });

  it("counts the pods of all its revisions", () => {
    expect(serviceState(hello, [revision(1, 2), revision(2, 3)])).toMatchObject({ actualPods: 3, desiredPods: 5 });
  });
});

describe("the table of services", () => {
  it("shows who sleeps, and the URL that works from here", () => {
    expect(serviceTable([hello], [revision(0, 0)], EDGE, nowMs).split("\n")).toEqual([
      "NAME    URL                                   STATE    PODS   LATEST        AGE   READY   REASON",
      "hello   http://hello.default.localhost:8080   Asleep   0/0    hello-00001   5m    True",
    ]);
  });

  it("shows a service that nothing is known of yet", () => {
    const fresh: ServiceView = { metadata: { name: "new", namespace: "default" } };
    expect(serviceTable([fresh], [], EDGE, nowMs)).toMatch(/^new +Starting +0\/0 +Unknown$/m);
  });

  it("leaves the URL alone behind an edge elsewhere, and when it is none", () => {
    expect(reachableUrl("http://a.b.example.com", "https://rouse.example.com:444")).toBe("http://a.b.example.com");
    expect(reachableUrl("http://a.Foo Bar", EDGE)).toBe("http://a.Foo Bar");
    expect(reachableUrl("", EDGE)).toBe("");
  });

  it("leaves no blanks at the end of a line", () => {
    expect(
      table([
        ["a", ""],
        ["long", "x"],
      ]),
    ).toBe("a\nlong   x");
  });
});

describe("the description of a service", () => {
  const describeIt = (service: ServiceView, pods: readonly PodView[] = []) =>
    describeService(service, serviceState(service, [revision(1, 2)]), pods, EDGE, nowMs);

  it("shows state, pods with their logs, traffic and conditions", () => {
    const pod = { podId: "p1", revision: "hello-00001", state: "ready", logPath: ".rouse/agent-1/pods/p1/log" };
    const text = describeIt(hello, [pod]);
    expect(text).toContain("URL:         http://hello.default.localhost:8080");
    expect(text).toContain("State:       Awake\nPods:        1 there, 2 wanted");
    expect(text).toContain("  100%   @latest (hello-00001)");
    expect(text).toContain("  hello-00001   p1   ready   .rouse/agent-1/pods/p1/log");
    expect(text).toContain("  ++   Ready");
    expect(text).not.toContain("Reasons");
  });

  it("says why something is wrong once, with the lines of a log under each other", () => {
    const why = { status: "False", reason: "RevisionFailed", message: "it broke:\nline 1\nline 2\n" };
    const text = describeIt(withConditions({ type: "ConfigurationsReady", ...why }, { type: "Ready", ...why }));
    expect(text).toMatch(/!! +Ready +RevisionFailed$/m);
    expect(text.split("it broke")).toHaveLength(2);
    expect(text).toMatch(/\nReasons:\n {2}RevisionFailed: it broke:\n {4}line 1\n {4}line 2$/);
  });

  it("has no empty names: what is not there yet is said or left out", () => {
    const traffic = [{ latestRevision: true, percent: 100 }];
    const text = describeIt({ ...hello, status: { traffic } });
    expect(text).toContain("100%   @latest (no revision yet)");
    expect(text).not.toContain("Conditions");
  });
});

describe("the log of a pod", () => {
  it("is found in the folder of whichever agent has the pod", () => {
    const folder = mkdtempSync(join(tmpdir(), "rouse-logs-"));
    try {
      mkdirSync(join(folder, "agent-2/pods/p1"), { recursive: true });
      writeFileSync(join(folder, "agent-2/pods/p1/log"), "");
      expect(findLog(folder, "p1")).toBe(join(folder, "agent-2/pods/p1/log"));
      expect(findLog(folder, "p2")).toBeNull();
      expect(findLog(join(folder, "none"), "p1")).toBeNull();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("the age of an object", () => {
  it.each([
    ["2026-11-23T10:05:00Z", "30s"],
    [CREATED, "5m"],
    ["2026-11-23T05:00:00Z", "5h"],
    ["2026-11-20T10:00:00Z", "3d"],
    ["2026-11-23T10:06:00Z", "0s"],
    ["", ""],
  ])("of %j is %j", (created, text) => {
    expect(age(created, nowMs)).toBe(text);
  });
});

describe("readiness", () => {
  it("is believed for the current generation only", () => {
    expect(readinessOf(hello)).toEqual({ state: "ready" });
    expect(readinessOf({ ...hello, metadata: { ...hello.metadata, generation: 2 } }).state).toBe("waiting");
  });

  it("gives reason and message of a condition that is not true", () => {
    const withReady = (status: string): ServiceView => ({
      ...hello,
      status: { ...hello.status, conditions: [{ type: "Ready", status, reason: "R", message: "m" }] },
    });
    expect(readinessOf(withReady("False"))).toEqual({ state: "failed", reason: "R: m" });
    expect(readinessOf(withReady("Unknown"))).toEqual({ state: "waiting", reason: "R: m" });
  });
});
