import { describe, expect, test } from "vitest";
import { admitCreate, admitUpdate } from "../../../src/core/resource/admit.ts";
import type { KindName, KubeObject, OwnerReference } from "../../../src/core/resource/object.ts";
import { RESOURCE_TYPES } from "../../../src/core/resource/resource-type.ts";
import { CONTEXT, IDENTITY } from "./service-body.ts";

const TYPE = RESOURCE_TYPES.ConfigMap;

function stored(kind: KindName, name: string, ownerReferences: readonly OwnerReference[] = []): KubeObject {
  const metadata = { name, uid: `uid-of-${name}`, resourceVersion: "2", generation: 1, creationTimestamp: "" };
  const { apiVersion, isNamespaced } = RESOURCE_TYPES[kind];
  const namespace = isNamespaced ? { namespace: name === "far" ? "elsewhere" : "default" } : {};
  return { apiVersion, kind, metadata: { ...metadata, ...namespace, ownerReferences } };
}

const to = (kind: string, name: string, more: Partial<OwnerReference> = {}): OwnerReference => {
  const apiVersion = kind === "Service" ? "serving.knative.dev/v1" : "v1";
  return { apiVersion, kind, name, uid: `uid-of-${name}`, ...more };
};

const SERVICE = stored("Service", "svc");
const CONTROLLER = to("Service", "svc", { controller: true, blockOwnerDeletion: true });
const THERE = [
  ...[SERVICE, stored("ConfigMap", "one"), stored("ConfigMap", "two"), stored("ConfigMap", "far")],
  ...[stored("Namespace", "default"), stored("ConfigMap", "below", [to("ConfigMap", "me")])],
  ...[stored("ConfigMap", "deeper", [to("ConfigMap", "below")]), stored("ConfigMap", "me")],
];
const OPEN = { ...CONTEXT, find: (uid: string) => THERE.find(({ metadata }) => metadata.uid === uid) ?? null };

/** What an object has after a client sent these, or why it was refused. */
function update(before: readonly OwnerReference[], ownerReferences: unknown): unknown {
  const sent = { metadata: { name: "me", ...(ownerReferences === undefined ? {} : { ownerReferences }) } };
  const admission = admitUpdate(TYPE, stored("ConfigMap", "me", before), sent, OPEN);
  return admission.ok ? (admission.object.metadata.ownerReferences ?? []) : admission.status.message;
}

describe("an update", () => {
  test("stores the owners that a client sends, in their order, and takes off those that it leaves out", () => {
    const [one, two] = [to("ConfigMap", "one"), to("ConfigMap", "two", { controller: true })];
    expect(update([], [two, one, to("Namespace", "default")])).toEqual([two, one, to("Namespace", "default")]);
    expect(update([one, two], [two])).toEqual([two]);
    expect(update([one, two], [])).toEqual([]);
    expect(update([one, two], undefined)).toEqual([]);
  });

  test("leaves the controller that a reconciler has set as it is", () => {
    const one = to("ConfigMap", "one");
    expect(update([CONTROLLER], undefined)).toEqual([CONTROLLER]);
    expect(update([CONTROLLER, one], [])).toEqual([CONTROLLER]);
    expect(update([CONTROLLER], [one, to("Service", "svc")])).toEqual([one, CONTROLLER]);
    expect(update([CONTROLLER], [{ ...CONTROLLER, controller: false, name: "other" }])).toEqual([CONTROLLER]);
  });

  test("does not judge again what was stored", () => {
    const gone = to("ConfigMap", "gone");
    expect(update([gone], [gone])).toEqual([gone]);
  });

  test.each<[string, OwnerReference, string]>([
    ["that is not there", to("ConfigMap", "none"), 'there is no ConfigMap "none" with this uid in the namespace'],
    ["of another name", { ...to("ConfigMap", "one"), name: "two" }, 'there is no ConfigMap "two"'],
    ["of another kind", { ...to("ConfigMap", "one"), kind: "Secret" }, 'there is no Secret "one"'],
    ["of another group", { ...to("ConfigMap", "one"), apiVersion: "apps/v1" }, 'there is no ConfigMap "one"'],
    ["in another namespace", to("ConfigMap", "far"), "in the namespace"],
    ["without a uid", to("ConfigMap", "one", { uid: "" }), "metadata.ownerReferences[0].uid: missing field(s)"],
    ["that it is itself", to("ConfigMap", "me"), "the owner is owned by the object itself"],
    ["that it owns", to("ConfigMap", "deeper"), "the owner is owned by the object itself"],
    ["that would have made it", CONTROLLER, "controller: is set by Rouse on what it makes"],
  ])("refuses an owner %s", (_, owner, message) => {
    expect(update([], [owner])).toContain(message);
  });

  test("refuses two controllers in Kubernetes' words", () => {
    expect(update([CONTROLLER], [to("ConfigMap", "one", { controller: true })])).toContain(
      'Only one reference can have Controller set to true. Found "true" in references for one and svc',
    );
  });
});

test("a create refuses an owner that is not there, and takes a controller: kn imports revisions so", () => {
  const create = (owner: OwnerReference) =>
    admitCreate(TYPE, "default", { metadata: { name: "new", ownerReferences: [owner] } }, IDENTITY, OPEN);
  expect(create(to("ConfigMap", "none"))).toMatchObject({ ok: false, status: { code: 422 } });
  expect(create(CONTROLLER)).toMatchObject({ object: { metadata: { ownerReferences: [CONTROLLER] } } });
});
