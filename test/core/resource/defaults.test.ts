import { describe, expect, test } from "vitest";
import { admitUpdate } from "../../../src/core/resource/admit.ts";
import type { ServiceSpec } from "../../../src/core/resource/serving.ts";
import {
  type Body,
  body,
  both,
  type Change,
  CONTEXT,
  container,
  create,
  podSpec,
  SERVICE,
  withConfig,
  withFeatures,
} from "./service-body.ts";

const specOf = (change?: Change, context = CONTEXT): Body =>
  (create(change, context).spec as ServiceSpec).template.spec;
const firstOf = (change?: Change, context = CONTEXT): Body => specOf(change, context).containers[0];
const SIDECARS = [
  { image: "dev.local/a", ports: [{ containerPort: 8888 }] },
  { image: "dev.local/b" },
  { image: "dev.local/c", name: "user-container-1" },
];

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

  test("applied twice change nothing, so that an object written back keeps its generation", () => {
    const stored = create();
    expect(admitUpdate(SERVICE, stored, stored, CONTEXT)).toEqual({ ok: true, object: stored });
  });

  test("what kn sends again, with no name and no probe, gives the same spec", () => {
    const stored = create();
    const again = admitUpdate(
      SERVICE,
      stored,
      body((made) => Object.assign(made.spec.template.spec, { enableServiceLinks: false })),
      CONTEXT,
    );
    expect(again).toMatchObject({ ok: true, object: { spec: stored.spec, metadata: { generation: 1 } } });
  });

  test("enableServiceLinks is filled in at creation only", () => {
    const stored = create();
    const { enableServiceLinks: _, ...rest } = (stored.spec as ServiceSpec).template.spec;
    const before = { ...stored, spec: { ...(stored.spec as ServiceSpec), template: { spec: rest } } };
    expect(admitUpdate(SERVICE, before, body(), CONTEXT)).toMatchObject({ object: { metadata: { generation: 1 } } });
  });

  test("a template that keeps the revision name it brought is left alone", () => {
    const stored = create((made) => Object.assign(made.spec.template, { metadata: { name: "hello-one" } }));
    const { defaults } = CONTEXT.config;
    const later = withConfig({ defaults: { ...defaults, requests: { cpu: "1" } } });
    expect(admitUpdate(SERVICE, stored, stored, later)).toEqual({ ok: true, object: stored });
  });
});

describe("defaults of time limits", () => {
  const { defaults } = CONTEXT.config;
  test.each<[string, object, Partial<typeof defaults>, object]>([
    ["a timeout of 0 is none", { timeoutSeconds: 0 }, {}, { timeoutSeconds: 300 }],
    [
      "a longer timeout brings a limit for the first byte",
      { timeoutSeconds: 400 },
      {},
      { responseStartTimeoutSeconds: 300 },
    ],
    [
      "limits of config-defaults that are shorter than the timeout",
      {},
      { revisionIdleTimeoutSec: 20, revisionResponseStartTimeoutSec: 30 },
      { idleTimeoutSeconds: 20, responseStartTimeoutSeconds: 30 },
    ],
    ["an explicit 0 stays off", { idleTimeoutSeconds: 0 }, { revisionIdleTimeoutSec: 20 }, { idleTimeoutSeconds: 0 }],
    [
      "a limit that is not shorter is left out",
      { timeoutSeconds: 20 },
      { revisionIdleTimeoutSec: 20 },
      { idleTimeoutSeconds: undefined },
    ],
    ["concurrency", {}, { containerConcurrency: 7 }, { containerConcurrency: 7 }],
    ["service links left to the template", {}, { enableServiceLinks: null }, { enableServiceLinks: undefined }],
  ])("%s", (_, spec, config, expected) => {
    const context = withConfig({ defaults: { ...defaults, ...config } });
    const actual = specOf(podSpec(spec), context);
    for (const [field, value] of Object.entries(expected)) expect(actual[field]).toEqual(value);
  });
});

describe("defaults of containers", () => {
  test("several without a name are numbered around the names that are taken", () => {
    const { containers } = specOf(podSpec({ containers: SIDECARS }));
    expect(containers.map(({ name }: Body) => name)).toEqual([
      "user-container-0",
      "user-container-2",
      "user-container-1",
    ]);
  });

  test("only the one with the port is given a readiness probe", () => {
    const { containers } = specOf(podSpec({ containers: SIDECARS }));
    expect(containers.map(({ readinessProbe }: Body) => readinessProbe !== undefined)).toEqual([true, false, false]);
  });

  test("their name may be made from the Service's", () => {
    const defaults = { ...CONTEXT.config.defaults, containerNameTemplate: "{{.Name}}-of-{{.Namespace}}" };
    expect(firstOf(undefined, withConfig({ defaults })).name).toBe("hello-of-default");
  });

  test("requests and limits are filled in one by one", () => {
    const defaults = { ...CONTEXT.config.defaults, requests: { cpu: "400m", memory: "100M" }, limits: { cpu: "1" } };
    const resources = { requests: { cpu: "1m" }, limits: {} };
    expect(firstOf(container({ resources }), withConfig({ defaults })).resources).toEqual({
      requests: { cpu: "1m", memory: "100M" },
      limits: { cpu: "1" },
    });
  });

  test.each([
    [
      "a period brings thresholds",
      { httpGet: { path: "/up" }, periodSeconds: 5 },
      { failureThreshold: 3, timeoutSeconds: 1 },
    ],
    ["a handler is kept", { exec: { command: ["true"] } }, {}],
    ["gRPC has a service", { grpc: { port: 8080 } }, { grpc: { port: 8080, service: "" } }],
  ])("of a probe: %s", (_, readinessProbe, more) => {
    const expected = { ...readinessProbe, successThreshold: 1, ...more };
    expect(firstOf(container({ readinessProbe })).readinessProbe).toEqual(expected);
  });

  test("mounts are read-only, but those of an emptyDir", () => {
    const mounted = both(
      podSpec({
        volumes: [
          { name: "tmp", emptyDir: {} },
          { name: "conf", configMap: { name: "c" } },
        ],
      }),
      container({
        volumeMounts: [
          { name: "tmp", mountPath: "/scratch" },
          { name: "conf", mountPath: "/conf", readOnly: false },
        ],
      }),
    );
    expect(firstOf(mounted).volumeMounts).toEqual([
      { name: "tmp", mountPath: "/scratch" },
      { name: "conf", mountPath: "/conf", readOnly: true },
    ]);
  });

  test("rights are reduced under secure-pod-defaults, where the template says nothing", () => {
    expect(firstOf(container({ ports: [{ containerPort: 80 }] })).securityContext).toBeUndefined();
    const secure = withFeatures({ "secure-pod-defaults": "Enabled" });
    const change = container({ ports: [{ containerPort: 80 }], securityContext: { runAsNonRoot: false } });
    expect(firstOf(change, secure).securityContext).toEqual({
      allowPrivilegeEscalation: false,
      seccompProfile: { type: "RuntimeDefault" },
      capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] },
      runAsNonRoot: false,
    });
  });
});
