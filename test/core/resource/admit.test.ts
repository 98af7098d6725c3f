import { describe, expect, test } from "vitest";
import { defaultConfig } from "../../../src/core/config/config.ts";
import { admitCreate, admitPatch, admitUpdate } from "../../../src/core/resource/admit.ts";
import { mergePatch } from "../../../src/core/resource/json.ts";
import type { KubeObject } from "../../../src/core/resource/object.ts";
import { RESOURCE_TYPES } from "../../../src/core/resource/resource-type.ts";
import { warningsOf } from "../../../src/core/resource/warnings.ts";
import { parseYaml } from "../../../src/durable/control-plane/yaml.ts";

const CONTEXT = {
  user: "ann",
  nowMs: Date.UTC(2026, 0, 31, 12),
  isStrict: false,
  config: defaultConfig("example.com"),
  parseYaml,
};
const IDENTITY = { uid: "uid-1", random: [0, 0, 0, 0, 0] };
const SERVICE = RESOURCE_TYPES.Service;

// biome-ignore lint/suspicious/noExplicitAny: -- bodies are bent into every wrong shape here
type Body = any;

function body(change: (body: Body) => void = () => {}): Body {
  const made = {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: { name: "hello", creationTimestamp: null },
    spec: { template: { spec: { containers: [{ image: "dev.local/hello", name: "", resources: {} }] } } },
    status: {},
  };
  change(made);
  return made;
}

function create(change?: (body: Body) => void, context = CONTEXT): KubeObject {
  const admission = admitCreate(SERVICE, "default", body(change), IDENTITY, context);
  if (!admission.ok) throw new Error(admission.status.message);
  return admission.object;
}

function messageOf(change: (body: Body) => void): string {
  const admission = admitCreate(SERVICE, "default", body(change), IDENTITY, CONTEXT);
  return admission.ok ? "" : (admission.status.message ?? "").replace(/^admission webhook .* validation failed: /, "");
}

const container = (change: object) => (made: Body) => Object.assign(made.spec.template.spec.containers[0], change);
const podSpec = (change: object) => (made: Body) => Object.assign(made.spec.template.spec, change);
const annotate = (annotations: object) => (made: Body) =>
  Object.assign(made.spec.template, { metadata: { annotations } });

describe("defaults", () => {
  test("are those of Knative out of the box", () => {
    expect(create().spec).toEqual({
      template: {
        spec: {
          containers: [
            {
              image: "dev.local/hello",
              name: "user-container",
              resources: {},
              readinessProbe: { tcpSocket: { port: 0 }, successThreshold: 1 },
            },
          ],
          timeoutSeconds: 300,
          containerConcurrency: 0,
          enableServiceLinks: false,
        },
      },
      traffic: [{ latestRevision: true, percent: 100 }],
    });
  });

  test("a longer timeout brings a limit for the first byte, a periodic probe its thresholds", () => {
    const spec = create((made) => {
      podSpec({ timeoutSeconds: 400 })(made);
      container({ readinessProbe: { httpGet: { path: "/up" }, periodSeconds: 5 } })(made);
    }).spec as Body;
    expect(spec.template.spec.responseStartTimeoutSeconds).toBe(300);
    expect(spec.template.spec.containers[0].readinessProbe).toEqual({
      httpGet: { path: "/up" },
      periodSeconds: 5,
      successThreshold: 1,
      failureThreshold: 3,
      timeoutSeconds: 1,
    });
  });

  test("applied twice change nothing, so that an object written back keeps its generation", () => {
    const stored = create();
    const again = admitUpdate(SERVICE, stored, stored, CONTEXT);
    expect(again).toEqual({ ok: true, object: stored });
  });
});

describe("generation", () => {
  test("grows with the spec, and lastModifier names who changed it", () => {
    const patch = { spec: { template: { spec: { timeoutSeconds: 10 } } } };
    const changed = admitPatch(SERVICE, create(), (object) => mergePatch(object, patch), { ...CONTEXT, user: "bob" });
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
    const changed = admitPatch(SERVICE, create(), (object) => mergePatch(object, patch), { ...CONTEXT, user: "bob" });
    expect(changed).toMatchObject({
      object: {
        metadata: { generation: 1, labels: { a: "b" }, annotations: { "serving.knative.dev/lastModifier": "ann" } },
      },
    });
  });
});

describe("validation names the field", () => {
  test.each<[string, (made: Body) => void]>([
    ["missing field(s): spec.template.spec.containers", (made) => delete made.spec.template.spec.containers],
    ["missing field(s): spec.template.spec.containers[0].image", container({ image: "" })],
    [
      "Failed to parse image reference: spec.template.spec.containers[0].image\nNo Such",
      container({ image: "No Such" }),
    ],
    [
      '"K_SERVICE" is a reserved environment variable: spec.template.spec.containers[0].env[1].name',
      container({ env: [{ name: "A", value: "1" }, { name: "K_SERVICE" }] }),
    ],
    [
      "8012 is a reserved port: spec.template.spec.containers[0].ports[0].containerPort",
      container({ ports: [{ containerPort: 8012 }] }),
    ],
    [
      "Port name grpc is not allowed: spec.template.spec.containers[0].ports[0].name\nName must be empty, or one of: 'h2c', 'http1'",
      container({ ports: [{ name: "grpc", containerPort: 1 }] }),
    ],
    [
      "must not set the field(s): spec.template.spec.containers[0].lifecycle",
      container({ lifecycle: { preStop: {} } }),
    ],
    [
      "must not set the field(s): spec.template.spec.containers[0].volumeMounts\nnot supported by this version",
      container({ volumeMounts: [{ name: "v" }] }),
    ],
    [
      "must not set the field(s): spec.template.spec.containers[0].readinessProbe.exec\nthis version probes with httpGet and tcpSocket",
      container({ readinessProbe: { exec: { command: ["true"] } } }),
    ],
    ["expected 0 <= 1001 <= 1000: spec.template.spec.containerConcurrency", podSpec({ containerConcurrency: 1001 })],
    ["expected 0 <= 601 <= 600: spec.template.spec.timeoutSeconds", podSpec({ timeoutSeconds: 601 })],
    ["invalid value: many: spec.template.spec.timeoutSeconds\nmust be an integer", podSpec({ timeoutSeconds: "many" })],
    [
      "must not set the field(s): spec.template.spec.volumes\nnot supported by this version",
      podSpec({ volumes: [{ name: "v" }] }),
    ],
    [
      'invalid value: "x" must have prefix "hello-": spec.template.metadata.name',
      (made) => Object.assign(made.spec.template, { metadata: { name: "x" } }),
    ],
    [
      "Traffic targets sum to 90, want 100: spec.traffic",
      (made) => Object.assign(made.spec, { traffic: [{ percent: 90 }] }),
    ],
    [
      "must not set the field(s): spec.traffic[0].configurationName",
      (made) => Object.assign(made.spec, { traffic: [{ percent: 100, configurationName: "c" }] }),
    ],
    [
      "invalid value: maybe: spec.template.metadata.annotations.rouse.dev/driver\nmust be one of: auto, process, docker",
      annotate({ "rouse.dev/driver": "maybe" }),
    ],
    ["name or generateName is required: metadata.name", (made) => delete made.metadata.name],
  ])("%s", (message, change) => {
    expect(messageOf(change)).toBe(message);
  });

  test("in the words that Knative's own clients look for", () => {
    const message = messageOf(podSpec({ serviceAccountName: "foo@bar.baz" }));
    expect(message).toContain(
      "foo@bar.baz: spec.template.spec.serviceAccountName\na lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    );
  });

  test("autoscaling annotations are judged on the template and refused on the Service", () => {
    expect(messageOf(annotate({ "autoscaling.knative.dev/min-scale": "two" }))).toContain(
      "spec.template.metadata.annotations.autoscaling.knative.dev/min-scale",
    );
    expect(
      messageOf((made) => Object.assign(made.metadata, { annotations: { "autoscaling.knative.dev/min-scale": "2" } })),
    ).toBe(
      'invalid key name "autoscaling.knative.dev/min-scale": metadata.annotations\nautoscaling annotations must be put under "spec.template.metadata.annotations" to work',
    );
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
    const changed = admitPatch(SERVICE, stored, (object) => mergePatch(object, patch), CONTEXT);
    expect(!changed.ok && changed.status.message).toContain(
      "Saw the following changes without a name change (-old +new): spec.template.metadata.name",
    );
  });

  test("a member named __proto__ is a member like any other", () => {
    const sent = JSON.parse('{"metadata":{"name":"p","labels":{"__proto__":"x"}},"data":{"k":"v"}}') as unknown;
    const admission = admitCreate(RESOURCE_TYPES.ConfigMap, "default", sent, IDENTITY, CONTEXT);
    expect(!admission.ok && admission.status.message).toContain('invalid key name "__proto__": metadata.labels');
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
