import { expect, test } from "vitest";
import type { PodTemplate } from "../../../src/core/protocol/pod.ts";
import { judgeTemplate } from "../../../src/origin-agent/drivers/judge-template.ts";

const TEMPLATE = { namespace: "default", revision: "hello-00001" } as PodTemplate;
const VOLUME = { feature: "volume", field: "spec.template.spec.containers[0].volumeMounts[0]" } as const;
const SIDECAR = { feature: "sidecar", field: "spec.template.spec.containers[1]" } as const;

test("a template is refused for what the driver does not do, by the name of the field", () => {
  const template = { ...TEMPLATE, features: [VOLUME, SIDECAR] };
  expect(judgeTemplate(template, "process", new Set(["sidecar"]))).toEqual({
    reason: "FeatureUnsupported",
    message:
      "revision default/hello-00001: the process driver does not mount volumes " +
      "(spec.template.spec.containers[0].volumeMounts[0]). Remove it from the template",
  });
  expect(judgeTemplate(template, "process", new Set())?.message).toContain(
    `mount volumes (${VOLUME.field}), run a second container (${SIDECAR.field}). Remove them`,
  );
  expect(judgeTemplate(template, "container", new Set(["volume", "sidecar"]))).toBeNull();
});

test("no pod starts without its ConfigMap", () => {
  expect(judgeTemplate({ ...TEMPLATE, envProblem: 'configmap "c" not found' }, "process", new Set())).toEqual({
    reason: "CreateContainerConfigError",
    message: 'configmap "c" not found',
  });
});

test("a template of the version before names no features", () => {
  expect(judgeTemplate(TEMPLATE, "process", new Set())).toBeNull();
});
