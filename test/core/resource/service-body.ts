/** A Service as a client sends it, and what admission makes of it. */
import { type Config, defaultConfig } from "../../../src/core/config/config.ts";
import type { FeatureName, FeatureState } from "../../../src/core/config/features-config.ts";
import { type Admission, type AdmissionContext, admitCreate, admitUpdate } from "../../../src/core/resource/admit.ts";
import { mergePatch } from "../../../src/core/resource/json.ts";
import type { KubeObject } from "../../../src/core/resource/object.ts";
import { represent } from "../../../src/core/resource/representation.ts";
import { RESOURCE_TYPES, type StoredType } from "../../../src/core/resource/resource-type.ts";
import { parseYaml } from "../../../src/durable/control-plane/yaml.ts";

export const CONTEXT: AdmissionContext = {
  user: "ann",
  nowMs: Date.UTC(2026, 0, 31, 12),
  isStrict: false,
  config: defaultConfig("example.com"),
  parseYaml,
  find: () => null,
};
export const IDENTITY = { uid: "uid-1", random: [0, 0, 0, 0, 0] };
export const SERVICE = RESOURCE_TYPES.Service;

// biome-ignore lint/suspicious/noExplicitAny: -- bodies are bent into every wrong shape here
export type Body = any;
export type Change = (body: Body) => void;

export function body(change: Change = () => {}): Body {
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

export function create(change?: Change, context = CONTEXT): KubeObject {
  const admission = admitCreate(SERVICE, "default", body(change), IDENTITY, context);
  if (!admission.ok) throw new Error(admission.status.message);
  return admission.object;
}

/** An update with what a merge patch makes of the object, as the client sees it. */
export function admitMerged(
  type: StoredType,
  stored: KubeObject,
  patch: unknown,
  context: AdmissionContext,
): Admission {
  return admitUpdate(type, stored, mergePatch(represent(type, stored), patch), context);
}

/** The text behind Knative's introduction; "" when the Service is taken. */
export function messageOf(change: Change, context = CONTEXT): string {
  const admission = admitCreate(SERVICE, "default", body(change), IDENTITY, context);
  return admission.ok ? "" : withoutIntroduction(admission.status.message ?? "");
}

export function withoutIntroduction(message: string): string {
  return message.replace(/^admission webhook .* validation failed: /, "");
}

export function withFeatures(features: Partial<Record<FeatureName, FeatureState>>): AdmissionContext {
  return withConfig({ features: { ...CONTEXT.config.features, ...features } });
}

export function withConfig(config: Partial<Config>): AdmissionContext {
  return { ...CONTEXT, config: { ...CONTEXT.config, ...config } };
}

export const container = (change: object) => (made: Body) =>
  Object.assign(made.spec.template.spec.containers[0], change);
export const podSpec = (change: object) => (made: Body) => Object.assign(made.spec.template.spec, change);
export const annotate = (annotations: object) => (made: Body) =>
  Object.assign(made.spec.template, { metadata: { annotations } });
export const both =
  (...changes: Change[]): Change =>
  (made) =>
    changes.forEach((change) => {
      change(made);
    });
