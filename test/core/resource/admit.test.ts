import { describe, expect, test } from "vitest";
import { admitCreate, admitUpdate } from "../../../src/core/resource/admit.ts";
import { RESOURCE_TYPES } from "../../../src/core/resource/resource-type.ts";
import { warningsOf } from "../../../src/core/resource/warnings.ts";
import { admitMerged, annotate, body, CONTEXT, create, IDENTITY, messageOf, SERVICE } from "./service-body.ts";

const MIN_SCALE = { annotations: { "autoscaling.knative.dev/min-scale": "-1" } };
const CONFIGURATION_LABEL = { labels: { "serving.knative.dev/configuration": "hello" } };

describe("generation", () => {
  test("grows with the spec, and lastModifier names who changed it", () => {
    const patch = { spec: { template: { spec: { timeoutSeconds: 10 } } } };
    const changed = admitMerged(SERVICE, create(), patch, { ...CONTEXT, user: "bob" });
    expect(changed).toMatchObject({
      ok: true,
      object: {
        metadata: {
          generation: 2,
          annotations: { "serving.knative.dev/creator": "ann", "serving.knative.dev/lastModifier": "bob" },
        },
      },
    });
  });

  test("stays with labels and annotations", () => {
    const patch = { metadata: { labels: { a: "b" }, annotations: { c: "d" } } };
    const changed = admitMerged(SERVICE, create(), patch, { ...CONTEXT, user: "bob" });
    expect(changed).toMatchObject({
      object: {
        metadata: { generation: 1, labels: { a: "b" }, annotations: { "serving.knative.dev/lastModifier": "ann" } },
      },
    });
  });
});

describe("creator and lastModifier", () => {
  const write = (annotations: object, spec: object = {}) => {
    const patch = { metadata: { annotations }, spec };
    return admitMerged(SERVICE, create(), patch, { ...CONTEXT, user: "bob" });
  };

  test("cannot be taken over, and stay when a client leaves them out", () => {
    const creator = write({ "serving.knative.dev/creator": "bob" });
    expect(!creator.ok && creator.status.message).toContain(
      "annotation value is immutable: metadata.annotations.serving.knative.dev/creator",
    );
    expect(write({ "serving.knative.dev/creator": null, "serving.knative.dev/lastModifier": null })).toMatchObject({
      object: {
        metadata: { annotations: { "serving.knative.dev/creator": "ann", "serving.knative.dev/lastModifier": "ann" } },
      },
    });
  });

  test("lastModifier is an error without a change of the spec, and overwritten with one", () => {
    const claim = { "serving.knative.dev/lastModifier": "carl" };
    const alone = write(claim);
    expect(!alone.ok && alone.status.message).toContain(
      "invalid value: carl: metadata.annotations.serving.knative.dev/lastModifier",
    );
    expect(write(claim, { template: { spec: { timeoutSeconds: 9 } } })).toMatchObject({
      object: { metadata: { annotations: { "serving.knative.dev/lastModifier": "bob" } } },
    });
  });
});

describe("identity", () => {
  test("a body for another kind, version, name or namespace is refused", () => {
    expect(messageOf((made) => Object.assign(made, { kind: "Route" }))).toContain("does not match the expected kind");
    expect(messageOf((made) => Object.assign(made, { apiVersion: "v2" }))).toContain(
      "does not match the expected API version",
    );
    expect(messageOf((made) => Object.assign(made.metadata, { namespace: "else" }))).toContain("namespace");
    const renamed = admitUpdate(
      SERVICE,
      create(),
      body((made) => Object.assign(made.metadata, { name: "other" })),
      CONTEXT,
    );
    expect(renamed.ok).toBe(false);
  });

  test("another uid or an old resourceVersion is a conflict", () => {
    const stored = create();
    const sent = (metadata: object) => body((made) => Object.assign(made.metadata, metadata));
    for (const metadata of [{ uid: "uid-2" }, { resourceVersion: "7" }]) {
      const admission = admitUpdate(SERVICE, stored, sent(metadata), CONTEXT);
      expect(!admission.ok && admission.status.reason).toBe("Conflict");
    }
  });

  test("a template that keeps its name may not change", () => {
    const stored = create((made) => Object.assign(made.spec.template, { metadata: { name: "hello-one" } }));
    const patch = { spec: { template: { spec: { timeoutSeconds: 9 } } } };
    const changed = admitMerged(SERVICE, stored, patch, CONTEXT);
    expect(!changed.ok && changed.status.message).toContain(
      "Saw the following changes without a name change (-old +new): spec.template.metadata.name\n" +
        "{*v1.RevisionTemplateSpec}.spec.timeoutSeconds:\n\t-: 300\n\t+: 9\n",
    );
  });

  test("a member named __proto__ is a member like any other", () => {
    const sent = JSON.parse('{"metadata":{"name":"p","labels":{"__proto__":"x"}},"data":{"k":"v"}}') as unknown;
    const admission = admitCreate(RESOURCE_TYPES.ConfigMap, "default", sent, IDENTITY, CONTEXT);
    expect(!admission.ok && admission.status.message).toContain('metadata.labels: invalid key name "__proto__"');
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });
});

test("a key of config-domain that no host can end in is refused by name", () => {
  const admit = (data: object) => {
    const sent = { kind: "ConfigMap", metadata: { name: "config-domain" }, data };
    return admitCreate(RESOURCE_TYPES.ConfigMap, "knative-serving", sent, IDENTITY, CONTEXT);
  };
  expect(admit({ "apps.example.com": "", _example: "text" }).ok).toBe(true);
  expect(admit({ "Foo.example": "" })).toMatchObject({
    ok: false,
    status: {
      message: expect.stringContaining('invalid key name "Foo.example": data\nmust be the suffix of host names'),
    },
  });
});

test("under Rouse's prefix an annotation that is not known in its place is refused, and the known ones are named", () => {
  expect(messageOf(annotate({ "rouse.dev/drivr": "process" }))).toBe(
    'invalid key name "rouse.dev/drivr": spec.template.metadata.annotations\nknown with this prefix: rouse.dev/driver',
  );
  const onService = (annotations: object) => messageOf((made) => Object.assign(made.metadata, { annotations }));
  expect(onService({ "rouse.dev/driver": "process" })).toContain("must be put under");
  expect(onService({ "rouse.dev/other": "0" })).toContain("no other has this prefix");
  const old = create();
  const metadata = { ...old.metadata, annotations: { ...old.metadata.annotations, "rouse.dev/old": "kept" } };
  expect(admitUpdate(SERVICE, { ...old, metadata }, { ...old, metadata }, CONTEXT).ok).toBe(true);
});

test("an accepted object has warnings for what has no effect", () => {
  const warnings = (annotations: object) => warningsOf(create(annotate(annotations)));
  expect(warnings({ "autoscaling.knative.dev/minScale": "1", "serving.knative.dev/progress-deadline": "9s" })).toEqual(
    [],
  );
  expect(warnings({ "autoscaling.knative.dev/min-scal": "1", "rouse.dev/driver": "docker" })).toEqual([
    "unknown annotation autoscaling.knative.dev/min-scal: it has no effect",
    "rouse.dev/driver: this version has no docker driver; use process",
  ]);
});

describe("a Revision that a client brings", () => {
  const bring = (metadata: object, spec: object) =>
    admitCreate(
      RESOURCE_TYPES.Revision,
      "default",
      { metadata: { name: "old", ...metadata }, spec },
      IDENTITY,
      CONTEXT,
    );
  const spec = { containers: [{ image: "dev.local/hello" }] };

  test("gets its defaults, and is held until its pods are gone", () => {
    expect(bring({}, spec)).toMatchObject({
      ok: true,
      object: {
        metadata: { generation: 1, finalizers: ["revisions.rouse.dev/pods"] },
        spec: { timeoutSeconds: 300, containers: [{ name: "user-container" }] },
      },
    });
  });

  test.each([
    ["missing field(s): spec.containers", {}, {}],
    ["expected 0 <= -1 <= 2147483647: metadata.annotations.autoscaling.knative.dev/min-scale", MIN_SCALE, spec],
    ["missing field(s): metadata.labels.serving.knative.dev/configuration", CONFIGURATION_LABEL, spec],
  ])("is judged as its template would be: %s", (message, metadata, spec) => {
    const admission = bring(metadata, spec);
    expect(admission.ok ? "" : admission.status.message).toContain(message);
  });
});
