import { describe, expect, test } from "vitest";
import { defaultConfig } from "../../../src/core/config/config.ts";
import { admitCreate, admitUpdate } from "../../../src/core/resource/admit.ts";
import type { KubeObject } from "../../../src/core/resource/object.ts";
import { RESOURCE_TYPES, storedType } from "../../../src/core/resource/resource-type.ts";

const CONTEXT = {
  ...{ user: "tester", nowMs: 0, isStrict: false, controlHost: "api.example.org" },
  ...{ config: defaultConfig("example.com"), parseYaml: () => ({ ok: false as const, message: "no YAML here" }) },
  find: () => null,
};
const IDENTITY = { uid: "uid", random: [0, 0, 0, 0, 0] };
const REF = { apiVersion: "serving.knative.dev/v1", kind: "Service", name: "hello" };

function create(metadata: object, ref: object = REF) {
  return admitCreate(RESOURCE_TYPES.DomainMapping, "default", { metadata, spec: { ref } }, IDENTITY, CONTEXT);
}

function problems(metadata: object, ref: object = REF): string[] {
  const admission = create(metadata, ref);
  const prefix = 'admission webhook "validation.webhook.serving.knative.dev" denied the request: validation failed: ';
  return admission.ok ? [] : (admission.status.message ?? "").replace(prefix, "").split("\n");
}

function created(): KubeObject {
  const admission = create({ name: "shop.org" });
  if (!admission.ok) throw new Error(admission.status.message);
  return admission.object;
}

test("a mapping refers to its own namespace unless it says so, and carries who made it", () => {
  expect(created()).toMatchObject({
    spec: { ref: { ...REF, namespace: "default" } },
    metadata: {
      annotations: { "serving.knative.dev/creator": "tester", "serving.knative.dev/lastModifier": "tester" },
    },
  });
});

test("a mapping sent back in another version is unchanged", () => {
  const stored = created();
  const body = { ...stored, apiVersion: "serving.knative.dev/v1alpha1" };
  const again = admitUpdate(storedType("DomainMapping", "serving.knative.dev/v1alpha1"), stored, body, CONTEXT);
  expect(again).toEqual({ ok: true, object: stored });
});

describe("a mapping is refused", () => {
  test.each([
    [
      "shop",
      'invalid name "shop": name: Invalid value: "shop": should be a domain with at least two segments separated by dots',
    ],
    [
      "a.b.svc.cluster.local",
      'invalid name "a.b.svc.cluster.local": must not be a subdomain of cluster local domain "cluster.local"',
    ],
    ["api.example.org", 'invalid name "api.example.org": it is the host of the API'],
    [
      "hello.default.example.com",
      'invalid name "hello.default.example.com": it is the host of the Service default/hello',
    ],
  ])("with the name %s", (name, problem) => {
    expect(problems({ name })).toEqual([`${problem}: metadata.name`]);
  });

  test("when its name is to be made up", () => {
    expect(problems({ generateName: "shop.org" })).toEqual(["must not set the field(s): metadata.generateName"]);
  });

  test("when its reference is incomplete or goes to another namespace", () => {
    expect(problems({ name: "shop.org" }, { namespace: "elsewhere" })).toEqual([
      "mismatched namespaces: spec.ref.namespace",
      'parent namespace: "default" does not match ref: "elsewhere"',
      "missing field(s): spec.ref.apiVersion, spec.ref.kind, spec.ref.name",
    ]);
  });
});

test("a domain right under the suffix of hosts is nobody's host", () => {
  expect(problems({ name: "hello.example.com" })).toEqual([]);
});

test("a mapping stays editable when a ConfigMap makes its name the host of Services", () => {
  const context = { ...CONTEXT, config: defaultConfig("org") };
  const stored = { ...created(), metadata: { ...created().metadata, name: "www.shop.org" } };
  expect(admitUpdate(RESOURCE_TYPES.DomainMapping, stored, stored, context).ok).toBe(true);
});
