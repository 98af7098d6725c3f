import { describe, expect, test } from "vitest";
import { markForDeletion, reconcileDeletion, withoutFinalizer } from "../../../src/core/reconcile/deletion.ts";
import { reconcile } from "../../../src/core/reconcile/reconcile.ts";
import { controllerReference, type KubeObject, type ObjectMeta } from "../../../src/core/resource/object.ts";
import { configuration, NOW_MS, observedOf, revision, SETTINGS, service } from "./fixtures.ts";

const LEAVING = { deletionTimestamp: "2026-01-31T12:00:00Z" };

function changed(object: KubeObject, meta: Partial<ObjectMeta>): KubeObject {
  return { ...object, metadata: { ...object.metadata, ...meta } };
}

describe("an object that is marked", () => {
  test("is free to go in the background, and held in the foreground", () => {
    expect(markForDeletion(service("hello"), "Background", NOW_MS).metadata).toMatchObject(LEAVING);
    expect(markForDeletion(service("hello"), "Background", NOW_MS).metadata.finalizers).toBeUndefined();
    expect(markForDeletion(service("hello"), "Foreground", NOW_MS).metadata.finalizers).toEqual(["foregroundDeletion"]);
  });

  test("keeps its first time and its other finalizers, and follows the latest wish", () => {
    const held = changed(service("hello"), {
      ...LEAVING,
      finalizers: ["acme.dev/backup", "foregroundDeletion", "orphan"],
    });
    expect(markForDeletion(held, "Background", NOW_MS + 5_000).metadata).toMatchObject({
      ...LEAVING,
      finalizers: ["acme.dev/backup"],
    });
  });

  test("has none left when the last one is taken off", () => {
    const held = changed(service("hello"), { finalizers: ["a/b"] });
    expect(withoutFinalizer(held, "a/b").metadata).not.toHaveProperty("finalizers");
  });
});

test("a deleted revision is told to destroy itself and gets no orders", () => {
  const leaving = revision("hello-00001", "True", { ...LEAVING, finalizers: ["revisions.rouse.dev/pods"] });
  expect(reconcile(leaving, observedOf([leaving]), SETTINGS)).toEqual([
    { type: "destroy", revisionUid: "uid-hello-00001" },
  ]);
});

test("a Service that is being deleted makes no children", () => {
  const leaving = changed(service("hello"), { ...LEAVING, finalizers: ["acme.dev/backup"] });
  expect(reconcile(leaving, observedOf([leaving]), SETTINGS)).toEqual([]);
});

describe("foreground deletion", () => {
  const owner = changed(service("hello"), { ...LEAVING, finalizers: ["foregroundDeletion"] });
  const child = changed(configuration("hello", {}, "True"), {
    uid: "uid-child",
    ownerReferences: [controllerReference(owner)],
  });
  const writes = (...objects: KubeObject[]) => reconcileDeletion(owner, observedOf([owner, ...objects]), SETTINGS);

  test("deletes the children in the foreground too", () => {
    expect(writes(child)).toEqual([{ type: "delete", object: child, propagation: "Foreground" }]);
  });

  test("waits for children that are on their way", () => {
    expect(writes(changed(child, LEAVING))).toEqual([]);
  });

  test("lets go of the owner after the last one that holds it", () => {
    const loose = { ...controllerReference(owner), blockOwnerDeletion: false };
    const done = [{ type: "finalize", object: owner, finalizer: "foregroundDeletion" }];
    expect(writes()).toEqual(done);
    expect(writes(changed(child, { ownerReferences: [loose] }))).toEqual(done);
  });
});

describe("a namespace that is being deleted", () => {
  const { namespace: _none, ...metadata } = service("default").metadata;
  const bare: KubeObject = { apiVersion: "v1", kind: "Namespace", metadata };
  const namespace = markForDeletion(bare, "Background", NOW_MS);

  test("says so and is held until it is empty", () => {
    expect(namespace).toMatchObject({ status: { phase: "Terminating" }, metadata: { finalizers: ["kubernetes"] } });
    expect(reconcileDeletion(namespace, observedOf([namespace]), SETTINGS)).toEqual([
      { type: "finalize", object: namespace, finalizer: "kubernetes" },
    ]);
  });

  test("takes all that is in it along, and looks again for more", () => {
    const member = service("hello");
    expect(reconcileDeletion(namespace, observedOf([namespace, member]), SETTINGS)).toEqual([
      { type: "delete", object: member },
      { type: "wake", key: { kind: "Namespace", namespace: "", name: "default" }, atMs: NOW_MS },
    ]);
  });
});
