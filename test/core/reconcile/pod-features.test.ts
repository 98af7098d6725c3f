import { expect, test } from "vitest";
import { podFeatures } from "../../../src/core/reconcile/pod-features.ts";
import type { Container } from "../../../src/core/resource/container.ts";

const C0 = "spec.template.spec.containers[0]";
const fieldsOf = (container: Container, more: object = {}) =>
  podFeatures({ containers: [container], ...more }).map(({ feature, field }) => `${feature} ${field}`);

test("a command with an environment, a port and a probe of it asks for nothing special", () => {
  const plain: Container = {
    image: "dev.local/hello",
    ports: [{ name: "h2c", containerPort: 9000 }],
    readinessProbe: { httpGet: { port: 9000 } },
    resources: { limits: { memory: "1Gi" } },
    securityContext: { runAsNonRoot: true, allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
  };
  expect(fieldsOf(plain, { serviceAccountName: "me", imagePullSecrets: [{ name: "s" }], hostNetwork: true })).toEqual(
    [],
  );
});

test.each<[string, Container, object]>([
  [`volume ${C0}.volumeMounts[0]`, { volumeMounts: [{ name: "v" }] }, { volumes: [{ name: "v" }] }],
  [`exec-probe ${C0}.readinessProbe.exec`, { readinessProbe: { exec: {} } }, {}],
  [`grpc-probe ${C0}.readinessProbe.grpc`, { readinessProbe: { grpc: { port: 1 } } }, {}],
  [`probe-of-other-port ${C0}.readinessProbe.tcpSocket.port`, { readinessProbe: { tcpSocket: { port: 5000 } } }, {}],
  [`liveness-probe ${C0}.livenessProbe`, { livenessProbe: { httpGet: {} } }, {}],
  [`startup-probe ${C0}.startupProbe`, { startupProbe: { httpGet: {} } }, {}],
  [`field-reference ${C0}.env[0].valueFrom`, { env: [{ name: "A", valueFrom: { fieldRef: {} } }] }, {}],
  [`run-as ${C0}.securityContext.runAsUser`, { securityContext: { runAsUser: 0 } }, {}],
  [
    `read-only-root ${C0}.securityContext.readOnlyRootFilesystem`,
    { securityContext: { readOnlyRootFilesystem: true } },
    {},
  ],
  [`capability ${C0}.securityContext.capabilities.add`, { securityContext: { capabilities: { add: ["X"] } } }, {}],
  ["run-as spec.template.spec.securityContext.runAsGroup", {}, { securityContext: { runAsGroup: 1 } }],
  ["init-container spec.template.spec.initContainers[0]", {}, { initContainers: [{}] }],
  ["scheduling spec.template.spec.nodeSelector", {}, { nodeSelector: { a: "b" } }],
])("%s is named", (expected, container, more) => {
  expect(fieldsOf(container, more)).toEqual([expected]);
});

test("of several containers the one with the port serves, and the others are sidecars", () => {
  const containers = [{ image: "side" }, { image: "main", ports: [{}], livenessProbe: { exec: {} } }];
  expect(podFeatures({ containers })).toEqual([
    { feature: "sidecar", field: C0 },
    { feature: "liveness-probe", field: "spec.template.spec.containers[1].livenessProbe" },
  ]);
});
