import { describe, expect, it } from "vitest";
import { editService, emptyService } from "../../src/cli/edit/edit-service.ts";
import type { EditableService } from "../../src/cli/edit/editable-service.ts";
import { exportService } from "../../src/cli/edit/export-service.ts";
import { revisionName } from "../../src/cli/edit/revision-name.ts";
import type { ServiceFlags } from "../../src/cli/edit/service-flags.ts";

const noChance = () => 0;
const fromNothing = (flags: ServiceFlags) => editService(emptyService("hello", "default"), flags, noChance);

const STORED: EditableService = {
  apiVersion: "serving.knative.dev/v1",
  kind: "Service",
  metadata: { name: "hello", namespace: "default", generation: 3, resourceVersion: "7", labels: { team: "blue" } },
  spec: {
    template: {
      metadata: { name: "hello-first", annotations: { "autoscaling.knative.dev/min-scale": "1" } },
      spec: {
        containers: [
          {
            image: "a/b",
            env: [
              { name: "A", value: "1" },
              { name: "B", value: "2" },
            ],
            envFrom: [{ configMapRef: { name: "one" } }],
            resources: { requests: { cpu: "100m", memory: "64Mi" } },
            readinessProbe: { tcpSocket: { port: 0 }, successThreshold: 1 },
          },
          { image: "side/car" },
        ],
        timeoutSeconds: 300,
      },
    },
    traffic: [{ latestRevision: true, percent: 100 }],
  },
  status: { observedGeneration: 3 },
};
const update = (flags: ServiceFlags) => editService(STORED, flags, noChance);
const container = (flags: ServiceFlags) => update(flags).spec.template.spec.containers[0];

describe("a service from flags", () => {
  it("has what they say, and nothing else", () => {
    const service = fromNothing({
      image: "rouse.dev/x",
      driver: "process",
      cmd: ["node"],
      arg: ["server.js", "--x"],
      workdir: "site",
      env: ["A=1", "B=a=b"],
      envFrom: ["cm:settings", "secret:keys"],
      envValueFrom: ["C=secret:keys:c"],
      port: "h2c:8080",
      request: ["cpu=100m,memory=64Mi"],
      limit: ["cpu=1"],
      user: 1001,
      serviceAccount: "robot",
      pullSecret: "registry",
      timeout: 20,
      concurrencyLimit: 10,
      scale: "1..5",
      scaleInit: 2,
      scaleTarget: 8,
      scaleUtilization: 80,
      scaleMetric: "concurrency",
      scaleWindow: "10s",
      scaleActivation: 3,
      label: ["team=blue"],
      labelService: ["only=service"],
      labelRevision: ["only=revision"],
      annotation: ["note=x"],
      clusterLocal: true,
      revisionName: "{{.Service}}-v{{.Generation}}",
      probeReadiness: "http::8080:/healthz",
      probeReadinessOpts: ["PeriodSeconds=5,failurethreshold=2"],
      probeLiveness: "exec:test,-f,/tmp/ok",
    });
    expect(service).toEqual({
      apiVersion: "serving.knative.dev/v1",
      kind: "Service",
      metadata: {
        name: "hello",
        namespace: "default",
        labels: { "networking.knative.dev/visibility": "cluster-local", team: "blue", only: "service" },
        annotations: { note: "x" },
      },
      spec: {
        template: {
          metadata: {
            name: "hello-v1",
            labels: { team: "blue", only: "revision" },
            annotations: {
              note: "x",
              "rouse.dev/driver": "process",
              "autoscaling.knative.dev/min-scale": "1",
              "autoscaling.knative.dev/max-scale": "5",
              "autoscaling.knative.dev/initial-scale": "2",
              "autoscaling.knative.dev/activation-scale": "3",
              "autoscaling.knative.dev/metric": "concurrency",
              "autoscaling.knative.dev/target": "8",
              "autoscaling.knative.dev/target-utilization-percentage": "80",
              "autoscaling.knative.dev/window": "10s",
            },
          },
          spec: {
            containerConcurrency: 10,
            timeoutSeconds: 20,
            serviceAccountName: "robot",
            imagePullSecrets: [{ name: "registry" }],
            containers: [
              {
                image: "rouse.dev/x",
                command: ["node"],
                args: ["server.js", "--x"],
                workingDir: "site",
                env: [
                  { name: "A", value: "1" },
                  { name: "B", value: "a=b" },
                  { name: "C", valueFrom: { secretKeyRef: { name: "keys", key: "c" } } },
                ],
                envFrom: [{ configMapRef: { name: "settings" } }, { secretRef: { name: "keys" } }],
                ports: [{ name: "h2c", containerPort: 8080 }],
                resources: { requests: { cpu: "100m", memory: "64Mi" }, limits: { cpu: "1" } },
                securityContext: { runAsUser: 1001 },
                readinessProbe: {
                  httpGet: { scheme: "HTTP", port: 8080, path: "/healthz" },
                  periodSeconds: 5,
                  failureThreshold: 2,
                },
                livenessProbe: { exec: { command: ["test", "-f", "/tmp/ok"] } },
              },
            ],
          },
        },
      },
    });
  });

  it.each<[string, ServiceFlags, Record<string, string>]>([
    ["one number", { scale: "3" }, { "min-scale": "3", "max-scale": "3" }],
    ["a lower bound", { scale: "2.." }, { "min-scale": "2" }],
    ["an upper bound", { scale: "..4" }, { "max-scale": "4" }],
    ["single flags", { scaleMin: 0, scaleMax: 7 }, { "min-scale": "0", "max-scale": "7" }],
    [
      "kn's older names",
      { concurrencyTarget: 5, concurrencyUtilization: 50 },
      { target: "5", "target-utilization-percentage": "50" },
    ],
  ])("scales by %s", (_, flags, wanted) => {
    const annotations = Object.entries(wanted).map(([key, value]) => [`autoscaling.knative.dev/${key}`, value]);
    expect(fromNothing(flags).spec.template.metadata).toEqual({ annotations: Object.fromEntries(annotations) });
  });

  it.each<[string, ServiceFlags, unknown, unknown]>([
    [
      "--mount with a volume of its own",
      { mount: ["/etc/x=cm:settings/sub", "/tmp/y=ed:scratch"] },
      [
        { name: "cm-settings", mountPath: "/etc/x", subPath: "sub" },
        { name: "ed-scratch", mountPath: "/tmp/y" },
      ],
      [
        { name: "cm-settings", configMap: { name: "settings" } },
        { name: "ed-scratch", emptyDir: {} },
      ],
    ],
    [
      "--volume and --mount by name",
      { volume: ["keys=secret:tls"], mount: ["/keys=keys"] },
      [{ name: "keys", mountPath: "/keys" }],
      [{ name: "keys", secret: { secretName: "tls" } }],
    ],
  ])("has files by %s", (_, flags, mounts, volumes) => {
    const { spec } = fromNothing(flags).spec.template;
    expect([spec.containers[0]?.volumeMounts, spec.volumes]).toEqual([mounts, volumes]);
  });

  it("unmounts a directory with the volume that was made for it", () => {
    const mounted = fromNothing({ mount: ["/etc/x=cm:settings"], volume: ["own=ed:"] });
    const { spec } = editService(mounted, { mount: ["/etc/x-"] }, noChance).spec.template;
    expect([spec.containers[0]?.volumeMounts, spec.volumes]).toEqual([undefined, [{ name: "own", emptyDir: {} }]]);
  });
});

describe("a change by flags", () => {
  it("of nothing is nothing", () => {
    expect(update({})).toEqual(STORED);
    expect(update({ env: ["A=1"], scaleMin: 1, timeout: 300 })).toEqual(STORED);
  });

  it("sets, replaces in place and removes variables", () => {
    expect(container({ env: ["C=3", "A=9", "B-"] })?.env).toEqual([
      { name: "A", value: "9" },
      { name: "C", value: "3" },
    ]);
    expect(container({ env: ["A-", "B-"], envFrom: ["cm:one-"] })).not.toHaveProperty("env");
    expect(container({ envFrom: ["cm:one-", "secret:two"] })?.envFrom).toEqual([{ secretRef: { name: "two" } }]);
  });

  it("removes labels, annotations and quantities", () => {
    expect(update({ label: ["team-"] }).metadata).not.toHaveProperty("labels");
    const withoutMinimum = update({ annotationRevision: ["autoscaling.knative.dev/min-scale-"] });
    expect(withoutMinimum.spec.template).not.toHaveProperty("metadata");
    expect(container({ request: ["memory-"] })?.resources).toEqual({ requests: { cpu: "100m" } });
    expect(update({ scale: "..3" }).spec.template.metadata?.annotations).toEqual({
      "autoscaling.knative.dev/max-scale": "3",
    });
  });

  it("of the template lets go of its name, since a revision never changes", () => {
    expect(update({ env: ["A=2"] }).spec.template.metadata).not.toHaveProperty("name");
    expect(update({ labelService: ["x=y"] }).spec.template.metadata?.name).toBe("hello-first");
    expect(update({ revisionName: "{{.Generation}}" }).spec.template.metadata?.name).toBe("hello-4");
  });

  it("replaces how a probe asks and keeps how often", () => {
    expect(container({ probeReadiness: "tcp::8080" })?.readinessProbe).toEqual({
      tcpSocket: { port: 8080 },
      successThreshold: 1,
    });
  });

  it("speaks of the first container and leaves the others alone", () => {
    const { containers } = update({ image: "c/d" }).spec.template.spec;
    expect(containers.map(({ image }) => image)).toEqual(["c/d", "side/car"]);
  });

  it("puts the annotations of the autoscaler on the revision only", () => {
    const edited = update({ annotation: ["autoscaling.knative.dev/target=5", "note=x"] });
    expect(edited.metadata.annotations).toEqual({ note: "x" });
    expect(edited.spec.template.metadata?.annotations).toMatchObject({
      "autoscaling.knative.dev/target": "5",
      note: "x",
    });
  });

  it("keeps what kn remembers of the image true", () => {
    const pinned = editService(STORED, { annotationRevision: ["client.knative.dev/user-image=a/b"] }, noChance);
    const edited = editService(pinned, { image: "c/d" }, noChance);
    expect(edited.spec.template.metadata?.annotations).toMatchObject({ "client.knative.dev/user-image": "c/d" });
  });
});

describe("a flag that says something wrong", () => {
  it.each<[ServiceFlags, string]>([
    [{ env: ["A"] }, "--env expects NAME=value, or NAME- to remove it; given 'A'"],
    [{ env: ["=x"] }, "--env expects NAME=value"],
    [{ env: ["-"] }, "--env expects NAME=value"],
    [{ envFrom: ["settings"] }, "--env-from expects cm:NAME or secret:NAME"],
    [{ envValueFrom: ["A=cm:x"] }, "--env-value-from expects"],
    [{ scale: "a" }, "--scale must be of the format N, MIN..MAX, MIN.. or ..MAX; given 'a'"],
    [{ scale: ".." }, "--scale must be of the format"],
    [{ scale: "1", scaleMax: 2 }, "only --scale or --scale-max can be specified"],
    [{ port: "http" }, "--port expects PORT or NAME:PORT"],
    [{ mount: ["x=cm:y"] }, "--mount expects /DIR=cm:NAME"],
    [{ volume: ["x=y"] }, "a volume is cm:NAME"],
    [{ probeLiveness: "ftp:x" }, "--probe-liveness expects"],
    [{ probeReadinessOpts: ["Often=1"] }, "--probe-readiness-opts expects NAME=NUMBER"],
    [{ annotationService: ["autoscaling.knative.dev/target=1"] }, "--annotation-service cannot set"],
    [{ revisionName: "{{.Nothing}}" }, "--revision-name has the unknown placeholder '{{.Nothing}}'"],
  ])("%j is refused by its name", (flags, message) => {
    expect(() => fromNothing(flags)).toThrow(message);
  });
});

describe("the name of a revision", () => {
  it.each([
    ["{{.Service}}-{{.Random 5}}-{{.Generation}}", "hello-bbbbb-4"],
    ["{{ .Service }}-x", "hello-x"],
    ["v2", "hello-v2"],
    ["", ""],
  ])("from %j is %j", (template, name) => {
    expect(revisionName(template, "hello", 4, noChance)).toBe(name);
  });
});

describe("an exported service", () => {
  it("makes it again elsewhere: what the server keeps for itself is left out", () => {
    const annotations = { "serving.knative.dev/creator": "ann", "serving.knative.dev/lastModifier": "ann", note: "x" };
    const stored = { ...STORED, metadata: { ...STORED.metadata, uid: "u", annotations } };
    expect(exportService(stored)).toEqual({
      apiVersion: "serving.knative.dev/v1",
      kind: "Service",
      metadata: { name: "hello", namespace: "default", labels: { team: "blue" }, annotations: { note: "x" } },
      spec: { template: STORED.spec.template },
    });
  });
});
