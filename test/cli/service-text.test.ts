import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findLog, type PodView } from "../../src/cli/api/pod-view.ts";
import { serviceState } from "../../src/cli/api/service-state.ts";
import { readinessOf } from "../../src/cli/api/service-view.ts";
import type { Condition, RevisionView, ServiceView } from "../../src/cli/api/views.ts";
import { age } from "../../src/cli/text/age.ts";
import { firstLine } from "../../src/cli/text/conditions.ts";
import { describeService, SERVICE_COLUMNS, serviceRow } from "../../src/cli/text/service-text.ts";
import { attributes, listTable, table } from "../../src/cli/text/table.ts";
import { reachableUrl } from "../../src/cli/text/url.ts";
import { messageOf } from "../../src/cli/text/wide.ts";

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
const viewpoint = { edgeUrl: EDGE, nowMs };
const revision = (actualReplicas: number, desiredReplicas: number, service = "hello", number = 1): RevisionView => ({
  metadata: {
    name: `${service}-0000${number}`,
    namespace: "default",
    creationTimestamp: CREATED,
    labels: { "serving.knative.dev/service": service, "serving.knative.dev/configurationGeneration": String(number) },
  },
  spec: { containers: [{ image: "a/b" }] },
  status: { actualReplicas, desiredReplicas, conditions: [{ type: "Ready", status: "True" }] },
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
  const list = (service: ServiceView, revisions: readonly RevisionView[], headers = true) =>
    listTable(SERVICE_COLUMNS, [serviceRow(service, revisions, viewpoint)], { headers });

  it("shows who sleeps, and the URL that works from here", () => {
    expect(list(hello, [revision(0, 0)]).split("\n")).toEqual([
      "NAME    URL                                   STATE    PODS   LATEST        AGE   CONDITIONS   READY   REASON",
      "hello   http://hello.default.localhost:8080   Asleep   0/0    hello-00001   5m    3 OK / 3     True",
    ]);
  });

  it("shows a service that nothing is known of yet, and no header where none is wanted", () => {
    const fresh: ServiceView = { metadata: { name: "new", namespace: "default" } };
    expect(list(fresh, [], false)).toMatch(/^new +Starting +0\/0 +Unknown$/);
  });

  it("shows the first line of a message where it may be wide", () => {
    expect(messageOf(withConditions({ type: "Ready", status: "False", message: "it broke\nlog" }))).toBe("it broke");
  });

  it("leaves the URL alone behind an edge elsewhere, and when it is none", () => {
    expect(reachableUrl("http://a.b.example.com", "https://rouse.example.com:444")).toBe("http://a.b.example.com");
    expect(reachableUrl("http://a.Foo Bar", EDGE)).toBe("http://a.Foo Bar");
    expect(reachableUrl("", EDGE)).toBe("");
    expect(reachableUrl("http://a.b.svc.cluster.local", EDGE)).toBe("http://a.b.svc.cluster.local");
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
  const describeIt = (service: ServiceView, pods: readonly PodView[] = [], revisions = [revision(1, 2)]) =>
    describeService(service, revisions, pods, { ...viewpoint, isVerbose: false });

  it("is laid out as kn does it, with the state and the pods' logs", () => {
    const pod = { podId: "p1", revision: "hello-00001", state: "ready", logPath: ".rouse/agent-1/pods/p1/log" };
    expect(describeIt(hello, [pod]).split("\n")).toEqual([
      "Name:       hello",
      "Namespace:  default",
      "Age:        5m",
      "URL:        http://hello.default.localhost:8080",
      "State:      Awake",
      "Pods:       1 there, 2 wanted",
      "",
      "Revisions:",
      "  100%  @latest (hello-00001) [1] (5m)",
      "        Image:     a/b",
      "        Replicas:  1/2",
      "",
      "Pods:",
      "  hello-00001   p1   ready   .rouse/agent-1/pods/p1/log",
      "",
      "Conditions:",
      "  OK TYPE                AGE REASON",
      "  ++ Ready",
      "  ++ ConfigurationsReady",
      "  ++ RoutesReady",
    ]);
  });

  it("shows the newest revision first, tags, and what has no traffic only where it is the latest", () => {
    const traffic = [
      { revisionName: "hello-00001", percent: 100, tag: "old" },
      { revisionName: "hello-00002", percent: 0, tag: "next" },
    ];
    const status = {
      ...hello.status,
      latestCreatedRevisionName: "hello-00004",
      latestReadyRevisionName: "hello-00003",
    };
    const revisions = [1, 2, 3, 4, 5].map((number) => revision(0, 0, "hello", number));
    const entries = describeIt({ ...hello, status: { ...status, traffic } }, [], revisions).match(/^.*\[\d\].*$/gm);
    expect(entries).toEqual([
      "     +  hello-00004 (latest created) [4] (5m)",
      "     +  hello-00003 (current @latest) [3] (5m)",
      "     +  hello-00002 #next [2] (5m)",
      "  100%  hello-00001 #old [1] (5m)",
    ]);
  });

  it("says why something is wrong once, with the lines of a log under each other", () => {
    const why = { status: "False", reason: "RevisionFailed", message: "it broke:\nline 1\nline 2\n" };
    const text = describeIt(withConditions({ type: "ConfigurationsReady", ...why }, { type: "Ready", ...why }));
    expect(text).toMatch(/!! +Ready +RevisionFailed$/m);
    expect(text.split("it broke")).toHaveLength(2);
    expect(text).toMatch(/\nReasons:\n {2}RevisionFailed: it broke:\n {4}line 1\n {4}line 2$/);
  });

  it("leaves out what is not there yet, and the annotations of programs", () => {
    const annotations = { "serving.knative.dev/creator": "ann", team: "blue" };
    const text = describeIt({ metadata: { ...hello.metadata, annotations } }, [], []);
    expect(text).toContain("Annotations:  team=blue\n");
    expect(text).not.toMatch(/Revisions:|Conditions:|URL:|Labels:/);
  });
});

describe("attributes", () => {
  it("without a value are left out", () => {
    expect(
      attributes([
        ["Name", "a"],
        ["Labels", ""],
        ["Namespace", "b"],
      ]),
    ).toBe("Name:       a\nNamespace:  b");
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

describe("the first line of a message", () => {
  it("does not announce the log that is left out", () => {
    expect(firstLine("it ended; its last output:\nlisten: denied")).toBe("it ended");
    expect(firstLine("one line that ends so:")).toBe("one line that ends so:");
  });
});
