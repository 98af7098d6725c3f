import { describe, expect, it } from "vitest";
import { age, describeService, serviceTable, table } from "../../src/cli/api/service-text.ts";
import { readinessOf, type ServiceView } from "../../src/cli/api/service-view.ts";

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

describe("the table of services", () => {
  it("has kn's columns, as wide as their content", () => {
    expect(serviceTable([hello], nowMs).split("\n")).toEqual([
      "NAME    URL                              LATEST        AGE   CONDITIONS   READY   REASON",
      "hello   http://hello.default.localhost   hello-00001   5m    3 OK / 3     True",
    ]);
  });

  it("shows a service that nothing is known of yet", () => {
    const fresh: ServiceView = { metadata: { name: "new", namespace: "default" } };
    expect(serviceTable([fresh], nowMs)).toMatch(/^new +0 OK \/ 0 +Unknown$/m);
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
  it("shows traffic and conditions", () => {
    const text = describeService(hello, nowMs);
    expect(text).toContain("URL:         http://hello.default.localhost");
    expect(text).toContain("  100%   @latest (hello-00001)");
    expect(text).toContain("  ++   Ready");
  });

  it("marks what is wrong and says why", () => {
    const broken = { type: "Ready", status: "False", reason: "RevisionFailed", message: "it broke" };
    const text = describeService({ ...hello, status: { ...hello.status, conditions: [broken] } }, nowMs);
    expect(text).toMatch(/!! +Ready +RevisionFailed +it broke/);
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
