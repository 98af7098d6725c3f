import { describe, expect, test } from "vitest";
import type { FeatureName } from "../../../src/core/config/features-config.ts";
import { both, type Change, CONTEXT, container, messageOf, podSpec, withConfig, withFeatures } from "./service-body.ts";

/** Paths below are relative to `spec.template.spec`. */
const POD = "spec.template.spec";
const C0 = `${POD}.containers[0]`;
const AT_PORT = { containerPort: 8888 };
const mount = (name: string, mountPath: string) => ({ volumeMounts: [{ name, mountPath }] });
/** A volume with one mount of it. */
const volume = (source: object, name = "v") =>
  both(podSpec({ volumes: [{ name, ...source }] }), container(mount(name, "/m")));

describe("the pod spec", () => {
  test.each<[string, Change]>([
    [`missing field(s): ${POD}.containers`, (made) => delete made.spec.template.spec.containers],
    [`expected 0 <= 1001 <= 1000: ${POD}.containerConcurrency`, podSpec({ containerConcurrency: 1001 })],
    [`expected 0 <= 601 <= 600: ${POD}.timeoutSeconds`, podSpec({ timeoutSeconds: 601 })],
    [`expected 0 <= 20 <= 10: ${POD}.idleTimeoutSeconds`, podSpec({ timeoutSeconds: 10, idleTimeoutSeconds: 20 })],
    [
      `must not set the field(s): ${POD}.nodeName, ${POD}.restartPolicy`,
      podSpec({ restartPolicy: "Never", nodeName: "n" }),
    ],
    [`must not set the field(s): ${POD}.automountServiceAccountToken`, podSpec({ automountServiceAccountToken: true })],
    ["", podSpec({ automountServiceAccountToken: false, enableServiceLinks: true, imagePullSecrets: [{ name: "s" }] })],
    [`missing field(s): ${POD}.containers[*].ports`, podSpec({ containers: [{ image: "b1" }, { image: "b2" }] })],
    [
      `more than one container port is set: ${POD}.containers[*].ports\nOnly a single port is allowed across all containers`,
      podSpec({
        containers: [
          { image: "b1", ports: [AT_PORT] },
          { image: "b2", ports: [AT_PORT] },
        ],
      }),
    ],
    [
      `duplicate container name "x": ${POD}.containers[1].name`,
      podSpec({
        containers: [
          { image: "b1", name: "x", ports: [AT_PORT] },
          { image: "b2", name: "x" },
        ],
      }),
    ],
    [
      `must not set the field(s): ${POD}.containers[1].livenessProbe, ${POD}.containers[1].readinessProbe, ${POD}.containers[1].readinessProbe.successThreshold, ${POD}.containers[1].readinessProbe.timeoutSeconds`,
      podSpec({
        containers: [
          { image: "b1", ports: [AT_PORT] },
          { image: "b2", livenessProbe: { tcpSocket: {} }, readinessProbe: { exec: {}, timeoutSeconds: 1 } },
        ],
      }),
    ],
    [
      "",
      podSpec({
        containers: [
          { image: "b1", ports: [AT_PORT] },
          { image: "b2", env: [{ name: "PORT", value: "1" }] },
        ],
      }),
    ],
  ])("%s", (message, change) => {
    expect(messageOf(change)).toBe(message);
  });

  test("names a service account that is none in the words that Knative's own clients look for", () => {
    expect(messageOf(podSpec({ serviceAccountName: "foo@bar.baz" }))).toBe(
      "invalid value: foo@bar.baz: spec.template.spec.serviceAccountName\na lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    );
  });

  test("follows the limits of config-defaults", () => {
    const defaults = {
      ...CONTEXT.config.defaults,
      containerConcurrency: 5,
      allowContainerConcurrencyZero: false,
      containerConcurrencyMaxLimit: 10,
      maxRevisionTimeoutSec: 900,
    };
    const context = withConfig({ defaults });
    expect(messageOf(podSpec({ containerConcurrency: 0 }), context)).toBe(
      `expected 1 <= 0 <= 10: ${POD}.containerConcurrency`,
    );
    expect(messageOf(podSpec({ timeoutSeconds: 900 }), context)).toBe("");
  });
});

describe("fields behind a feature flag", () => {
  test.each<[FeatureName, string, unknown]>([
    ["kubernetes.podspec-affinity", "affinity", { nodeAffinity: {} }],
    ["kubernetes.podspec-topologyspreadconstraints", "topologySpreadConstraints", [{ maxSkew: 1 }]],
    ["kubernetes.podspec-hostaliases", "hostAliases", [{ ip: "127.0.0.1", hostnames: ["a"] }]],
    ["kubernetes.podspec-nodeselector", "nodeSelector", { arch: "amd64" }],
    ["kubernetes.podspec-runtimeclassname", "runtimeClassName", "gvisor"],
    ["kubernetes.podspec-tolerations", "tolerations", [{ key: "k", operator: "Exists" }]],
    ["kubernetes.podspec-securitycontext", "securityContext", {}],
    ["kubernetes.podspec-shareprocessnamespace", "shareProcessNamespace", true],
    ["kubernetes.podspec-hostipc", "hostIPC", true],
    ["kubernetes.podspec-hostpid", "hostPID", true],
    ["kubernetes.podspec-hostnetwork", "hostNetwork", true],
    ["kubernetes.podspec-priorityclassname", "priorityClassName", "high"],
    ["kubernetes.podspec-schedulername", "schedulerName", "s"],
    ["kubernetes.podspec-dnspolicy", "dnsPolicy", "Default"],
    ["kubernetes.podspec-dnsconfig", "dnsConfig", { nameservers: ["1.2.3.4"] }],
  ])("%s guards %s", (feature, field, value) => {
    const change = podSpec({ [field]: value });
    expect(messageOf(change)).toBe(`must not set the field(s): ${POD}.${field}`);
    for (const state of ["Allowed", "Enabled"] as const) {
      expect(messageOf(change, withFeatures({ [feature]: state }))).toBe("");
    }
  });

  test("several containers need multi-container", () => {
    const change = podSpec({ containers: [{ image: "b1", ports: [AT_PORT] }, { image: "b2" }] });
    expect(messageOf(change, withFeatures({ "multi-container": "Disabled" }))).toBe(
      `multi-container is off, but found 2 containers: ${POD}`,
    );
  });

  test("init containers run before the others and have no probes", () => {
    const init = podSpec({ initContainers: [{ image: "setup", livenessProbe: {} }] });
    expect(messageOf(init)).toBe(
      `must not set the field(s): ${POD}.initContainers\npod spec support for init-containers is off, but found 1 init containers: ${POD}`,
    );
    const context = withFeatures({ "kubernetes.podspec-init-containers": "Enabled" });
    expect(messageOf(init, context)).toBe(
      `field not allowed in an init container: ${POD}.initContainers[0].livenessProbe`,
    );
    const clash = both(podSpec({ initContainers: [{ image: "setup", name: "x" }] }), container({ name: "x" }));
    expect(messageOf(clash, context)).toBe(`duplicate container name "x": ${POD}.initContainers[0].name`);
  });

  test("sidecars have probes with multi-container-probing, and name the port", () => {
    const context = withFeatures({ "multi-container-probing": "Enabled" });
    const probing = (readinessProbe: object) =>
      podSpec({
        containers: [
          { image: "b1", ports: [AT_PORT] },
          { image: "b2", readinessProbe },
        ],
      });
    expect(messageOf(probing({ httpGet: { port: 5000 } }), context)).toBe("");
    expect(messageOf(probing({ httpGet: { path: "/" } }), context)).toBe(
      `invalid value: 0: ${POD}.containers[1].readinessProbe.httpGet.port\nProbe port must be specified`,
    );
  });
});

describe("a container", () => {
  const port = (more: object) => container({ ports: [more] });
  const env = (...variables: object[]) => container({ env: variables });
  test.each<[string, Change]>([
    [`missing field(s): ${C0}.image`, container({ image: "" })],
    [
      `Failed to parse image reference: ${C0}.image\nimage: "foo:bar:baz", error: could not parse reference: foo:bar:baz`,
      container({ image: "foo:bar:baz" }),
    ],
    [`"queue-proxy" is a reserved container name: ${C0}.name`, container({ name: "queue-proxy" })],
    [`invalid value: &InvalidValue: ${C0}.name`, container({ name: "&InvalidValue" })],
    [
      `must not set the field(s): ${C0}.lifecycle, ${C0}.stdin, ${C0}.tty`,
      container({ lifecycle: {}, stdin: true, tty: true }),
    ],
    [`invalid value: Never: ${C0}.terminationMessagePolicy`, container({ terminationMessagePolicy: "Never" })],

    [`missing field(s): ${C0}.env[0].name`, env({ value: "x" })],
    [`"K_SERVICE" is a reserved environment variable: ${C0}.env[1].name`, env({ name: "A" }, { name: "K_SERVICE" })],
    [`"PORT" is a reserved environment variable: ${C0}.env[0].name`, env({ name: "PORT", value: "1" })],
    ["", env({ name: "A", valueFrom: { configMapKeyRef: { name: "c", key: "k", optional: true } } })],
    ["", env({ name: "A", valueFrom: { secretKeyRef: { name: "s", key: "k" } } })],
    [
      `missing field(s): ${C0}.env[0].valueFrom.secretKeyRef.key`,
      env({ name: "A", valueFrom: { secretKeyRef: { name: "s" } } }),
    ],
    [
      `must not set the field(s): ${C0}.env[0].valueFrom.fieldRef`,
      env({ name: "A", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }),
    ],
    [
      `may not be specified when \`value\` is not empty: ${C0}.env[0].valueFrom`,
      env({ name: "A", value: "1", valueFrom: { configMapKeyRef: { name: "c", key: "k" } } }),
    ],
    ["", container({ envFrom: [{ prefix: "P_", configMapRef: { name: "c" } }, { secretRef: { name: "s" } }] })],
    [
      `expected exactly one, got neither: ${C0}.envFrom.configMapRef, ${C0}.envFrom.secretRef`,
      container({ envFrom: [{}] }),
    ],
    [
      `expected exactly one, got both: ${C0}.envFrom.configMapRef, ${C0}.envFrom.secretRef`,
      container({ envFrom: [{ configMapRef: { name: "c" }, secretRef: { name: "s" } }] }),
    ],

    ["", port({ name: "h2c", containerPort: 8080, protocol: "TCP" })],
    ["", port({})],
    [
      `invalid value: 8012 is a reserved port: ${C0}.ports.containerPort\n8012 is a reserved port, please use a different value`,
      port({ containerPort: 8012 }),
    ],
    [`expected 0 <= 65536 <= 65535: ${C0}.ports.containerPort`, port({ containerPort: 65536 })],
    [`invalid value: UDP: ${C0}.ports.protocol`, port({ protocol: "UDP" })],
    [
      `must not set the field(s): ${C0}.ports.hostIP, ${C0}.ports.hostPort`,
      port({ hostPort: 80, hostIP: "127.0.0.1" }),
    ],
    [
      `Port name grpc is not allowed: ${C0}.ports\nName must be empty, or one of: 'h2c', 'http1'`,
      port({ name: "grpc", containerPort: 1 }),
    ],

    ["", container({ resources: { limits: { cpu: 1, memory: "1.5Gi" }, requests: { cpu: "25m" } } })],
    [
      `invalid value: lots: ${C0}.resources.limits.cpu\nquantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`,
      container({ resources: { limits: { cpu: "lots" } } }),
    ],
    [`must not set the field(s): ${C0}.resources.claims`, container({ resources: { claims: [{ name: "gpu" }] } })],

    [
      "",
      container({ securityContext: { capabilities: { drop: ["ALL"] }, runAsUser: 0, readOnlyRootFilesystem: true } }),
    ],
    ["", container({ securityContext: { privileged: false, seccompProfile: { type: "RuntimeDefault" } } })],
    [
      `must not set the field(s): ${C0}.securityContext.privileged`,
      container({ securityContext: { privileged: true } }),
    ],
    [
      `must not set the field(s): ${C0}.securityContext.capabilities.add`,
      container({ securityContext: { capabilities: { add: ["NET_ADMIN"] } } }),
    ],
    [
      `expected 0 <= -10 <= 2147483647: ${C0}.securityContext.runAsUser`,
      container({ securityContext: { runAsUser: -10 } }),
    ],
    [
      `expected 0 <= 2147483648 <= 2147483647: ${C0}.securityContext.runAsGroup`,
      container({ securityContext: { runAsGroup: 2147483648 } }),
    ],
  ])("%s", (message, change) => {
    expect(messageOf(change)).toBe(message);
  });

  test("may refer to fields of its pod and ask for capabilities where a feature flag allows it", () => {
    const field = env({ name: "A", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } });
    expect(messageOf(field, withFeatures({ "kubernetes.podspec-fieldref": "Enabled" }))).toBe("");
    const capability = container({ securityContext: { capabilities: { add: ["NET_ADMIN"] } } });
    expect(messageOf(capability, withFeatures({ "kubernetes.containerspec-addcapabilities": "Enabled" }))).toBe("");
  });

  test.each([
    ["hello", true],
    ["HELLO", false],
    ["a", true],
    ["registry:5000/team/app_x-1.2:v1_2", true],
    ["docker.io/library/app:", true],
    [`example.com/app@sha256:${"a".repeat(64)}`, true],
    [`example.com/app:v1@sha256:${"a".repeat(64)}`, true],
    ["example.com/app@sha256:abc", false],
    ["app:tag with space", false],
    ["ex ample.com/app", false],
  ])("image %j is a reference: %s", (image, isReference) => {
    expect(messageOf(container({ image })) === "").toBe(isReference);
  });
});

describe("probes", () => {
  const ready = (readinessProbe: object) => container({ readinessProbe });
  const live = (livenessProbe: object) => container({ livenessProbe });
  const R = `${C0}.readinessProbe`;
  const L = `${C0}.livenessProbe`;
  test.each<[string, Change]>([
    ["", ready({ httpGet: { path: "/up", port: 5000 } })],
    ["", ready({ tcpSocket: { port: "http" } })],
    ["", both(container({ ports: [{ name: "http1" }] }), ready({ httpGet: { port: "http1" } }))],
    ["", ready({ exec: { command: ["true"] } })],
    ["", both(ready({ grpc: { port: 46 } }), container({ startupProbe: { grpc: { port: 46 } } }))],
    ["", live({ exec: { command: ["true"] }, periodSeconds: 5 })],
    [`expected exactly one, got both: ${R}.exec, ${R}.httpGet`, ready({ httpGet: {}, exec: {} })],
    [
      `expected exactly one, got neither: ${L}.exec, ${L}.grpc, ${L}.httpGet, ${L}.tcpSocket`,
      live({ periodSeconds: 1 }),
    ],
    [
      `failureThreshold is disallowed when periodSeconds is zero: ${R}.failureThreshold\ntimeoutSeconds is disallowed when periodSeconds is zero: ${R}.timeoutSeconds`,
      ready({ failureThreshold: 2, timeoutSeconds: 2 }),
    ],
    [
      `expected 0 <= -1 <= 2147483647: ${R}.initialDelaySeconds, ${R}.periodSeconds`,
      ready({ periodSeconds: -1, initialDelaySeconds: -1 }),
    ],
    [`expected 1 <= -2 <= 2147483647: ${R}.successThreshold`, ready({ successThreshold: -2 })],
    [
      `invalid value: imap: ${L}.tcpSocket.port\nProbe port must match container port`,
      live({ tcpSocket: { port: "imap" } }),
    ],
    [
      `must not set the field(s): ${L}.terminationGracePeriodSeconds`,
      live({ exec: {}, terminationGracePeriodSeconds: 5 }),
    ],
  ])("%s", (message, change) => {
    expect(messageOf(change)).toBe(message);
  });
});

describe("volumes", () => {
  const V0 = `${POD}.volumes[0]`;
  const M0 = `${C0}.volumeMounts[0]`;
  test.each<[string, Change]>([
    ["", volume({ secret: { secretName: "s", items: [{ key: "k", path: "p", mode: 256 }] } })],
    ["", volume({ emptyDir: { medium: "Memory", sizeLimit: "64Mi" } })],
    ["", volume({ projected: { sources: [{ configMap: { name: "c" } }, { serviceAccountToken: { path: "t" } }] } })],
    [`expected exactly one, got neither: ${V0}.configMap, ${V0}.emptyDir, ${V0}.projected, ${V0}.secret`, volume({})],
    [`expected exactly one, got both: ${V0}.configMap, ${V0}.secret`, volume({ configMap: { name: "c" }, secret: {} })],
    [`volume with name "v" not mounted: ${V0}.name`, podSpec({ volumes: [{ name: "v", emptyDir: {} }] })],
    [
      `duplicate volume name "v": ${POD}.volumes[1].name`,
      both(
        podSpec({
          volumes: [
            { name: "v", emptyDir: {} },
            { name: "v", emptyDir: {} },
          ],
        }),
        container(mount("v", "/m")),
      ),
    ],
    [`invalid value: @@@: ${V0}.name`, volume({ emptyDir: {} }, "@@@")],
    [`missing field(s): ${V0}.items[0].key, ${V0}.items[0].path`, volume({ secret: { items: [{}] } })],
    [
      `missing field(s): ${V0}.projected[0].secret.name, ${V0}.projected[1].serviceAccountToken.path`,
      volume({ projected: { sources: [{ secret: {} }, { serviceAccountToken: {} }] } }),
    ],
    [
      `expected exactly one, got neither: ${V0}.projected[0].downwardAPI.items[0].fieldRef, ${V0}.projected[0].downwardAPI.items[0].resourceFieldRef`,
      volume({ projected: { sources: [{ downwardAPI: { items: [{ path: "labels" }] } }] } }),
    ],
    [`invalid value: Disk: ${V0}.emptyDir.medium`, volume({ emptyDir: { medium: "Disk" } })],
    [`invalid value: -1: ${V0}.emptyDir.sizeLimit`, volume({ emptyDir: { sizeLimit: -1 } })],
    [
      `HostPath volume support is disabled, but found HostPath volume v: ${V0}\nmust not set the field(s): ${V0}.hostPath`,
      volume({ hostPath: { path: "/" } }),
    ],
    [
      `Persistent volume claim support is disabled, but found persistent volume claim c: ${V0}\nPersistent volume write support is disabled, but found persistent volume claim c that is not read-only: ${V0}\nmust not set the field(s): ${V0}.persistentVolumeClaim`,
      volume({ persistentVolumeClaim: { claimName: "c" } }),
    ],

    [
      `missing field(s): ${M0}.mountPath\nmust not set the field(s): ${M0}.mountPropagation\nvolumeMount has no matching volume: ${M0}.name`,
      container({ volumeMounts: [{ name: "v", mountPropagation: "Bidirectional" }] }),
    ],
    [
      `mountPath "/dev" is a reserved path: ${M0}.mountPath`,
      both(volume({ emptyDir: {} }), container(mount("v", "//dev//"))),
    ],
    [
      `invalid value: not/absolute: ${M0}.mountPath`,
      both(volume({ emptyDir: {} }), container(mount("v", "not/absolute"))),
    ],
    [
      `invalid value: "/m/./" must be unique: ${C0}.volumeMounts[1].mountPath`,
      both(
        volume({ emptyDir: {} }),
        container({
          volumeMounts: [
            { name: "v", mountPath: "/m" },
            { name: "v", mountPath: "/m/./" },
          ],
        }),
      ),
    ],
  ])("%s", (message, change) => {
    expect(messageOf(change)).toBe(message);
  });

  test("claims are taken with their feature flags, and a read-only one is mounted read-only", () => {
    const claims = { "kubernetes.podspec-persistent-volume-claim": "Enabled" } as const;
    const readOnly = volume({ persistentVolumeClaim: { claimName: "c", readOnly: true } });
    expect(messageOf(readOnly, withFeatures(claims))).toBe(
      `volume is readOnly but volume mount is not: ${M0}.readOnly`,
    );
    const writable = volume({ persistentVolumeClaim: { claimName: "c" } });
    const write = { ...claims, "kubernetes.podspec-persistent-volume-write": "Enabled" } as const;
    expect(messageOf(writable, withFeatures(write))).toBe("");
  });
});
