import fc from "fast-check";
import { expect, test } from "vitest";
import { type Admission, admitCreate, admitUpdate } from "../../../src/core/resource/admit.ts";
import { setOwn } from "../../../src/core/resource/json.ts";
import { KIND_RULES } from "../../../src/core/resource/kind-rules.ts";
import { RESOURCE_TYPES, type StoredType } from "../../../src/core/resource/resource-type.ts";
import type { Schema } from "../../../src/core/resource/schema.ts";
import { admitMerged, CONTEXT, create, IDENTITY, SERVICE, withFeatures } from "./service-body.ts";

const anything = fc.jsonValue({ maxDepth: 3 });

/** What fits a schema, with something else in its place now and then, at any depth. */
function bent(schema: Schema): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 12, arbitrary: fitting(schema) }, { weight: 1, arbitrary: anything });
}

function fitting(schema: Schema): fc.Arbitrary<unknown> {
  switch (schema.type) {
    case "any":
      return anything;
    case "string":
      return fc.oneof(fc.constantFrom("", "hello", "a-b", "TCP", "http1", "64Mi", "/x/../y", "__proto__"), fc.string());
    case "boolean":
      return fc.boolean();
    case "integer":
    case "int32":
      return fc.oneof(fc.constantFrom(0, 1, 100, 8080), fc.integer());
    case "int-or-string":
      return fc.oneof(fc.nat(), fc.constantFrom("1", "100m", "http"), fc.string());
    case "list":
      return fc.array(bent(schema.items), { maxLength: 3 });
    case "map":
      return fc.dictionary(fc.oneof(fc.constant("__proto__"), fc.string({ maxLength: 8 })), bent(schema.values), {
        maxKeys: 3,
      });
    case "object": {
      const fields = Object.entries(schema.fields);
      return fc
        .subarray(fields, { maxLength: Math.min(8, fields.length) })
        .chain((chosen) =>
          fc.tuple(...chosen.map(([name, field]) => bent(field).map((value) => [name, value] as const))),
        )
        .map((members) => {
          const made: Record<string, unknown> = {};
          for (const [name, value] of members) setOwn(made, name, value);
          return made;
        });
    }
  }
}

const KINDS = ["Service", "Configuration", "Route", "Revision"] as const;
/** Every second kind of optional field is let through, so that its own rules are reached. */
const OPEN = withFeatures(
  Object.fromEntries(Object.keys(CONTEXT.config.features).map((feature) => [feature, "Enabled" as const])),
);

const bodies = fc.constantFrom(...KINDS).chain((kind) =>
  fc.record({
    type: fc.constant(RESOURCE_TYPES[kind]),
    body: fc.oneof({ weight: 20, arbitrary: bent(KIND_RULES[kind].schema) }, { weight: 1, arbitrary: anything }),
    context: fc.constantFrom(CONTEXT, OPEN),
  }),
);

function expectSettled(type: StoredType, admission: Admission, context: typeof CONTEXT): void {
  if (admission.ok) {
    expect(admitUpdate(type, admission.object, admission.object, context)).toEqual(admission);
    return;
  }
  expect(admission.status.code).toBeGreaterThanOrEqual(400);
  expect(admission.status.code).toBeLessThan(500);
  expect(admission.status.message).not.toBe("");
}

test("whatever is sent is refused by name, or taken in a form that stays as it is", () => {
  fc.assert(
    fc.property(bodies, ({ type, body, context }) => {
      expectSettled(type, admitCreate(type, "default", body, IDENTITY, context), context);
    }),
    { numRuns: 1_500 },
  );
});

test("so is whatever is put in the place of a stored Service, or patched into it", () => {
  const stored = create();
  fc.assert(
    fc.property(bent(KIND_RULES.Service.schema), fc.boolean(), (sent, isPatch) => {
      const admission = isPatch ? admitMerged(SERVICE, stored, sent, OPEN) : admitUpdate(SERVICE, stored, sent, OPEN);
      expectSettled(SERVICE, admission, OPEN);
    }),
    { numRuns: 1_500 },
  );
});

const RICH = {
  metadata: { name: "hello", labels: { a: "b" }, annotations: { "serving.knative.dev/rollout-duration": "10s" } },
  spec: {
    traffic: [{ tag: "t", percent: 100 }],
    template: {
      metadata: { name: "hello-one", annotations: { "autoscaling.knative.dev/target": "1" } },
      spec: {
        timeoutSeconds: 400,
        serviceAccountName: "me",
        nodeSelector: { arch: "arm64" },
        securityContext: { fsGroup: 1, supplementalGroups: [2] },
        imagePullSecrets: [{ name: "s" }],
        initContainers: [{ image: "setup" }],
        volumes: [
          { name: "tmp", emptyDir: { sizeLimit: "1Mi" } },
          { name: "conf", projected: { sources: [{ configMap: { name: "c", items: [{ key: "k", path: "p" }] } }] } },
        ],
        containers: [
          {
            image: "dev.local/hello",
            command: ["run"],
            args: ["--port=$(PORT)"],
            env: [
              { name: "A", value: "1" },
              { name: "B", valueFrom: { secretKeyRef: { name: "s", key: "k" } } },
            ],
            envFrom: [{ prefix: "P_", configMapRef: { name: "c", optional: true } }],
            ports: [{ name: "h2c", containerPort: 8888 }],
            readinessProbe: { httpGet: { path: "/up", httpHeaders: [{ name: "h", value: "v" }] }, periodSeconds: 2 },
            livenessProbe: { grpc: { port: 8888 } },
            resources: { limits: { memory: "64Mi" }, requests: { cpu: 1 } },
            securityContext: { capabilities: { drop: ["ALL"] }, runAsUser: 1 },
            volumeMounts: [
              { name: "tmp", mountPath: "/tmp" },
              { name: "conf", mountPath: "/conf" },
            ],
          },
          { image: "dev.local/side", startupProbe: { exec: { command: ["true"] } } },
        ],
      },
    },
  },
};

/** Paths to every value in it, itself not included. */
function pathsOf(value: unknown): string[][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => [[name], ...pathsOf(member).map((path) => [name, ...path])]);
}

function replaced(value: unknown, [name, ...rest]: readonly string[], by: unknown): unknown {
  if (name === undefined) return by;
  const member = (value as Record<string, unknown>)[name];
  if (Array.isArray(value)) return value.map((item, i) => (String(i) === name ? replaced(item, rest, by) : item));
  return { ...(value as object), [name]: replaced(member, rest, by) };
}

test("a Service that is right but for one place is taken or refused, wherever the place is", () => {
  const right = admitCreate(SERVICE, "default", RICH, IDENTITY, OPEN);
  expect(right.ok ? "" : right.status.message).toBe("");
  fc.assert(
    fc.property(fc.constantFrom(...pathsOf(RICH)), anything, (path, value) => {
      const sent = replaced(RICH, path, value);
      expectSettled(SERVICE, admitCreate(SERVICE, "default", sent, IDENTITY, OPEN), OPEN);
      if (right.ok) expectSettled(SERVICE, admitUpdate(SERVICE, right.object, sent, OPEN), OPEN);
    }),
    { numRuns: 2_000 },
  );
});
