/** Manifests of every kind, right ones and such with something wrong at any depth. */
import fc from "fast-check";
import type { ResourceType } from "../../../src/core/resource/resource-type.ts";

/** Stands in for a key that an object literal cannot carry. */
const PROTO_KEY = "the-key-__proto__";

/** Names of what the test makes before it begins, and of what the requests make. */
export const VICTIMS: Readonly<Partial<Record<ResourceType["kind"], string>>> = {
  DomainMapping: "victim.example.com",
  Revision: "victim-00001",
};
export const NAMES = ["fuzzed", "victim", "config-autoscaler", "fuzzed.example.com", "default"];
const ODD_TEXTS = [
  ...["", " ", ".", "..", "/", "%", "%zz", "%2f", "%00", "\u0000", "__proto__", "constructor", "toString", "é", "💥"],
  ...[
    "a".repeat(300),
    "-",
    "A",
    "null",
    "undefined",
    "*",
    "'; DROP TABLE objects; --",
    "$(PORT)",
    "{{.Name}}",
    "\ud800",
  ],
  ...[
    "1",
    "-1",
    "1e9",
    "99999999999999999999",
    "10s",
    "-5m",
    "1Gi",
    "100m",
    "true",
    "2026-01-01T00:00:00Z",
    "a=b",
    "a,b",
  ],
];
export const text = fc.oneof(fc.constantFrom(...ODD_TEXTS), fc.string({ maxLength: 20 }), fc.constantFrom(...NAMES));

/** Any JSON value, and some that only look like numbers. */
export const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  text,
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    1,
    -1,
    1.5,
    1e308,
    9_007_199_254_740_993,
    -(2 ** 31) - 1,
    2 ** 53,
    [],
    {},
  ),
  fc.constantFrom<unknown>([null], [[]], { [PROTO_KEY]: { polluted: true } }, { toString: 1 }, nested(60), nested(200)),
  fc.jsonValue({ maxDepth: 3 }),
);

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? { a: value } : [value];
  return value;
}

const PLAIN_SPEC = { containers: [{ image: "dev.local/x", command: ["x"] }] };
const RICH_SPEC = {
  containerConcurrency: 1,
  timeoutSeconds: 10,
  responseStartTimeoutSeconds: 5,
  serviceAccountName: "default",
  volumes: [{ name: "v", configMap: { name: "victim", items: [{ key: "a", path: "b" }] } }],
  containers: [
    {
      ...{ name: "user", image: "dev.local/x", command: ["x"], args: ["$(PORT)"], workingDir: "/" },
      env: [
        { name: "A", value: "b" },
        { name: "B", valueFrom: { secretKeyRef: { name: "victim", key: "a" } } },
      ],
      envFrom: [{ prefix: "P_", configMapRef: { name: "victim" } }],
      ports: [{ name: "h2c", containerPort: 8080, protocol: "TCP" }],
      readinessProbe: {
        httpGet: { path: "/", port: 8080, httpHeaders: [{ name: "a", value: "b" }] },
        periodSeconds: 1,
      },
      livenessProbe: { tcpSocket: { port: 8080 } },
      resources: { limits: { cpu: "100m", memory: "1Gi" }, requests: { cpu: 1 } },
      securityContext: { runAsUser: 1000, capabilities: { drop: ["ALL"] } },
      volumeMounts: [{ name: "v", mountPath: "/v", subPath: "a", readOnly: true }],
    },
  ],
};
const ANNOTATIONS = {
  ...{ "autoscaling.knative.dev/min-scale": "1", "autoscaling.knative.dev/max-scale": "3" },
  ...{ "autoscaling.knative.dev/window": "10s", "autoscaling.knative.dev/target": "10" },
};
const TRAFFIC = [
  { tag: "t", latestRevision: true, percent: 50 },
  { revisionName: "victim-00001", percent: 50 },
];
const ROUTE_TRAFFIC = [
  { tag: "t", configurationName: "victim", percent: 50 },
  { revisionName: "victim-00001", percent: 50 },
];
const template = (spec: object) => ({ metadata: { annotations: ANNOTATIONS, labels: { a: "b" } }, spec });

function bodiesOf(spec: object): Readonly<Record<string, object>> {
  return {
    Service: { spec: { template: template(spec), traffic: TRAFFIC } },
    Configuration: { spec: { template: template(spec) } },
    Revision: { spec },
    Route: { spec: { traffic: ROUTE_TRAFFIC } },
    DomainMapping: { spec: { ref: { apiVersion: "serving.knative.dev/v1", kind: "Service", name: "victim" } } },
    CoreService: { spec: { ports: [{ port: 80 }], type: "ExternalName", externalName: "a.b" } },
    ConfigMap: { data: { "stable-window": "60s", "example.com": "selector:\n  a: b", "max-scale": "1" } },
    Secret: { type: "Opaque", data: { a: "YQ==" }, stringData: { b: "c" } },
  };
}

const [PLAIN, RICH] = [bodiesOf(PLAIN_SPEC), bodiesOf(RICH_SPEC)];
const METADATA = { labels: { app: "a" }, annotations: { "serving.knative.dev/rollout-duration": "10s", note: "x" } };

/** A place in a JSON value, chosen by numbers; what stands there is replaced, removed or given a neighbour. */
type Mutation = {
  readonly path: readonly number[];
  readonly change: "replace" | "remove" | "add";
  readonly value: unknown;
};

function mutate(value: unknown, { path, change, value: odd }: Mutation): unknown {
  if (typeof value !== "object" || value === null || path.length === 0) return odd;
  const entries = Object.entries(value);
  const at = (path[0] ?? 0) % Math.max(1, entries.length);
  const isLast = path.length === 1;
  const changed = entries.flatMap(([key, member], index): [string, unknown][] => {
    if (index !== at) return [[key, member]];
    if (isLast && change === "remove") return [];
    return [[key, isLast && change === "replace" ? odd : mutate(member, { path: path.slice(1), change, value: odd })]];
  });
  if (isLast && change === "add") changed.push([typeof odd === "string" ? odd : PROTO_KEY, odd]);
  return Array.isArray(value) ? changed.map(([, member]) => member) : Object.fromEntries(changed);
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  path: fc.array(fc.nat(12), { minLength: 2, maxLength: 9 }),
  change: fc.constantFrom("replace", "remove", "add"),
  value: oddValue,
});

/** A manifest of a type as JSON text, with none to three places changed. */
export function manifestOf({ apiVersion, wireKind, kind }: ResourceType, name: string): fc.Arbitrary<string> {
  return fc.tuple(fc.constantFrom(PLAIN, RICH), fc.array(mutation, { maxLength: 3 })).map(([bodies, mutations]) => {
    const whole = { apiVersion, kind: wireKind, metadata: { name, ...METADATA }, ...bodies[kind] };
    return toJsonText(mutations.reduce<unknown>(mutate, whole));
  });
}

export function toJsonText(value: unknown): string {
  return (JSON.stringify(value) ?? "").replaceAll(PROTO_KEY, "__proto__");
}
