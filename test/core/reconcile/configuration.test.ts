import { describe, expect, test } from "vitest";
import { reconcileConfiguration } from "../../../src/core/reconcile/configuration.ts";
import { findCondition } from "../../../src/core/resource/conditions.ts";
import { controllerReference, type ObjectMeta } from "../../../src/core/resource/object.ts";
import type { Configuration, Revision } from "../../../src/core/resource/serving.ts";
import { configuration, observedOf, revision, SETTINGS } from "./fixtures.ts";

/** The configuration `hello` at a generation, as stored before the reconcile. */
function hello(generation: number, status: Configuration["status"] = {}, template: object = {}): Configuration {
  const made = configuration("hello", status, "Unknown");
  return {
    ...made,
    metadata: { ...made.metadata, generation },
    spec: { template: { ...made.spec.template, ...template } },
  };
}

function revisionOf(generation: number, ready: "True" | "False" | "Unknown", meta: Partial<ObjectMeta> = {}): Revision {
  return revision(`hello-0000${generation}`, ready, {
    labels: { "serving.knative.dev/configurationGeneration": String(generation) },
    ownerReferences: [controllerReference(hello(1))],
    ...meta,
  });
}

function reconcile(owner: Configuration, ...revisions: Revision[]) {
  const writes = reconcileConfiguration(owner, observedOf([owner, ...revisions]), SETTINGS);
  const written = writes.find((write) => write.type === "update-status");
  const status = (written?.type === "update-status" ? written.object : owner).status as Configuration["status"];
  const created = writes.flatMap((write) => (write.type === "create" ? [write.draft] : []));
  return { status, created, ready: findCondition(status, "Ready") };
}

describe("the newest revision", () => {
  test("is made when it is missing, named after the generation and held by a finalizer", () => {
    const { created, status, ready } = reconcile(hello(12));
    expect(created).toHaveLength(1);
    expect(created[0]?.metadata).toMatchObject({
      name: "hello-00012",
      labels: {
        "serving.knative.dev/configuration": "hello",
        "serving.knative.dev/configurationGeneration": "12",
        "serving.knative.dev/routingState": "pending",
      },
      finalizers: ["revisions.rouse.dev/pods"],
    });
    expect(status).toMatchObject({ observedGeneration: 12, latestCreatedRevisionName: "hello-00012" });
    expect(ready?.status).toBe("Unknown");
  });

  test("is waited for while its name is held by one that is being deleted", () => {
    const leaving = revisionOf(1, "True", { deletionTimestamp: "2026-01-31T12:00:00Z", ownerReferences: [] });
    const { created, ready } = reconcile(hello(1), leaving);
    expect(created).toEqual([]);
    expect(ready?.status).toBe("Unknown");
  });

  test("is waited for with the reason that it gives, if it gives one", () => {
    const told = { type: "Ready", status: "Unknown", reason: "Deploying", message: "not ready yet" } as const;
    const starting = revisionOf(1, "Unknown");
    expect(reconcile(hello(1), starting).ready).not.toHaveProperty("reason");
    const { ready } = reconcile(hello(1), { ...starting, status: { ...starting.status, conditions: [told] } });
    expect(ready).toMatchObject({ status: "Unknown", reason: "Deploying", message: "not ready yet" });
  });

  test("cannot take a name that another owner has", () => {
    const { created, ready } = reconcile(hello(1), revisionOf(1, "True", { ownerReferences: [] }));
    expect(created).toEqual([]);
    expect(ready).toMatchObject({
      status: "False",
      reason: "RevisionFailed",
      message: 'Revision creation failed with message: revisions.serving.knative.dev "hello-00001" already exists.',
    });
  });

  test("may bring a name of its own, also again for a later generation with the same spec", () => {
    const template = { metadata: { name: "hello-green" } };
    expect(reconcile(hello(1, {}, template)).created[0]?.metadata.name).toBe("hello-green");
    const existing = revisionOf(1, "True", { name: "hello-green" });
    expect(reconcile(hello(2, {}, template), existing)).toMatchObject({ created: [], ready: { status: "True" } });
  });
});

describe("latestReadyRevisionName", () => {
  test.each<[string, string | undefined, Revision[], string | undefined, "True" | "False" | "Unknown"]>([
    [
      "is empty while none is ready",
      undefined,
      [revisionOf(1, "Unknown"), revisionOf(2, "Unknown")],
      undefined,
      "Unknown",
    ],
    [
      "takes an older one while the newest is not ready",
      undefined,
      [revisionOf(1, "True"), revisionOf(2, "Unknown")],
      "hello-00001",
      "Unknown",
    ],
    [
      "moves to the newest once it is ready",
      "hello-00001",
      [revisionOf(1, "True"), revisionOf(2, "True")],
      "hello-00002",
      "True",
    ],
    ["never goes back", "hello-00002", [revisionOf(1, "True"), revisionOf(2, "False")], "hello-00002", "False"],
  ])("%s", (_, before, revisions, after, ready) => {
    const status = before === undefined ? {} : { latestReadyRevisionName: before };
    const result = reconcile(hello(2, status), ...revisions);
    expect(result.status?.latestReadyRevisionName).toBe(after);
    expect(result.ready?.status).toBe(ready);
  });

  test("goes back to an older revision that the template names, once that is ready", () => {
    const rollback = hello(3, { latestReadyRevisionName: "hello-00002" }, { metadata: { name: "hello-green" } });
    const green = (ready: "True" | "Unknown") => revisionOf(1, ready, { name: "hello-green" });
    expect(reconcile(rollback, green("Unknown"), revisionOf(2, "True")).status).toMatchObject({
      latestCreatedRevisionName: "hello-green",
      latestReadyRevisionName: "hello-00002",
    });
    expect(reconcile(rollback, green("True"), revisionOf(2, "True"))).toMatchObject({
      created: [],
      status: { latestCreatedRevisionName: "hello-green", latestReadyRevisionName: "hello-green" },
      ready: { status: "True" },
    });
  });
});

test("a second reconcile writes nothing", () => {
  const owner = hello(1, { latestCreatedRevisionName: "hello-00001" });
  const first = reconcile(owner, revisionOf(1, "True"));
  const settled = { ...owner, status: first.status ?? {} };
  expect(reconcileConfiguration(settled, observedOf([settled, revisionOf(1, "True")]), SETTINGS)).toEqual([]);
});
