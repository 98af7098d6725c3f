import { describe, expect, test } from "vitest";
import { admitCreate, admitUpdate } from "../../../src/core/resource/admit.ts";
import type { KindName, KubeObject } from "../../../src/core/resource/object.ts";
import { RESOURCE_TYPES } from "../../../src/core/resource/resource-type.ts";
import {
  annotate,
  type Body,
  type Change,
  CONTEXT,
  create,
  IDENTITY,
  messageOf,
  withoutIntroduction,
} from "./service-body.ts";

const metadata = (change: object) => (made: Body) => Object.assign(made.metadata, change);
const template = (meta: object) => (made: Body) => Object.assign(made.spec.template, { metadata: meta });
const traffic =
  (...targets: object[]) =>
  (made: Body) =>
    Object.assign(made.spec, { traffic: targets });
const DNS_1035 =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const TEMPLATE_ANNOTATIONS = "spec.template.metadata.annotations";

/** What a kind other than Service is told; "" when it is taken. */
function messageFor(kind: KindName, meta: object, spec: unknown, stored: KubeObject | null = null): string {
  const sent = { metadata: { name: "hello", ...meta }, spec };
  const admission =
    stored === null
      ? admitCreate(RESOURCE_TYPES[kind], "default", sent, IDENTITY, OWNED)
      : admitUpdate(RESOURCE_TYPES[kind], stored, sent, OWNED);
  return admission.ok ? "" : withoutIntroduction(admission.status.message ?? "");
}

const ROUTED = { traffic: [{ configurationName: "hello", percent: 100 }] };
const CONFIGURED = { template: { spec: { containers: [{ image: "dev.local/hello" }] } } };
const OWNER = { apiVersion: "serving.knative.dev/v1", kind: "Service", name: "hello", uid: "u", controller: true };

/** The owner is there. */
const OWNED = { ...CONTEXT, find: () => ({ ...create(), metadata: { ...create().metadata, uid: OWNER.uid } }) };

describe("names", () => {
  test.each<[string, Change]>([
    ["name or generateName is required: metadata.name", (made) => delete made.metadata.name],
    [`not a DNS 1035 label: [${DNS_1035}]: metadata.name`, metadata({ name: "9to5" })],
    [`not a DNS 1035 label prefix: [${DNS_1035}]: metadata.generateName`, metadata({ name: "", generateName: "9-" })],
    ["not a DNS 1035 label: [must be no more than 63 characters]: metadata.name", metadata({ name: "a".repeat(64) })],
    ["", metadata({ name: "", generateName: "hello-" })],
    ["", template({ name: "hello-one", generateName: "hello-" })],
    ['invalid value: "x" must have prefix "hello-": spec.template.metadata.name', template({ name: "x" })],
    [`invalid value: not a DNS 1035 label: [${DNS_1035}]: spec.template.metadata.name`, template({ name: "hello-A" })],
    [
      "must not set the field(s): spec.template.metadata.name",
      (made) => {
        metadata({ name: "", generateName: "hello-" })(made);
        template({ name: "hello-one" })(made);
      },
    ],
  ])("%s", (message, change) => {
    expect(messageOf(change)).toBe(message);
  });

  test("a generated one is the prefix, cut to 58 characters, and five more", () => {
    const { name } = create(metadata({ name: "", generateName: `${"a".repeat(60)}-` })).metadata;
    expect(name).toBe("a".repeat(58) + "bbbbb");
  });
});

describe("labels and annotations", () => {
  test.each<[string, Change]>([
    [
      "invalid value: private: metadata.labels.networking.knative.dev/visibility",
      metadata({ labels: { "networking.knative.dev/visibility": "private" } }),
    ],
    [
      "",
      metadata({ labels: { "networking.knative.dev/visibility": "cluster-local", "serving.knative.dev/any": "x" } }),
    ],
    [
      "",
      metadata({ annotations: { "serving.knative.dev/unknown": "x", "serving.knative.dev/rollout-duration": "90s" } }),
    ],
    [
      "invalid value: 90: metadata.annotations.serving.knative.dev/rollout-duration",
      metadata({ annotations: { "serving.knative.dev/rollout-duration": "90" } }),
    ],
    [
      "rollout-duration=1500ms is not at second precision: metadata.annotations.serving.knative.dev/rolloutDuration",
      metadata({ annotations: { "serving.knative.dev/rolloutDuration": "1500ms" } }),
    ],
    [
      "rollout-duration=-5s must be positive: metadata.annotations.serving.knative.dev/rollout-duration",
      metadata({ annotations: { "serving.knative.dev/rollout-duration": "-5s" } }),
    ],
    [
      'invalid key name "autoscaling.knative.dev/min-scale": metadata.annotations\nautoscaling annotations must be put under "spec.template.metadata.annotations" to work',
      metadata({ annotations: { "autoscaling.knative.dev/min-scale": "2" } }),
    ],
    [
      `progress-deadline=-1s must be positive: ${TEMPLATE_ANNOTATIONS}.serving.knative.dev/progress-deadline`,
      annotate({ "serving.knative.dev/progress-deadline": "-1s" }),
    ],
    [
      `max-scale=1 is less than min-scale=2: ${TEMPLATE_ANNOTATIONS}.autoscaling.knative.dev/max-scale, ${TEMPLATE_ANNOTATIONS}.autoscaling.knative.dev/min-scale`,
      annotate({ "autoscaling.knative.dev/min-scale": "2", "autoscaling.knative.dev/max-scale": "1" }),
    ],
    [
      `expected 0.1 <= 200 <= 100: ${TEMPLATE_ANNOTATIONS}[queue.sidecar.serving.knative.dev/resource-percentage]`,
      annotate({ "queue.sidecar.serving.knative.dev/resource-percentage": "200" }),
    ],
    [
      `invalid value: maybe: ${TEMPLATE_ANNOTATIONS}.rouse.dev/driver\nmust be one of: auto, process, docker`,
      annotate({ "rouse.dev/driver": "maybe" }),
    ],
  ])("%s", (message, change) => {
    expect(messageOf(change)).toBe(message);
  });

  test.each<[KindName, string, unknown]>([
    ["Route", "serving.knative.dev/service", ROUTED],
    ["Configuration", "serving.knative.dev/service", CONFIGURED],
  ])("of a %s: %s names a Service that owns it", (kind, label, spec) => {
    const labels = { [label]: "hello" };
    expect(messageFor(kind, { labels }, spec)).toBe(`missing field(s): metadata.labels.${label}`);
    expect(messageFor(kind, { labels, ownerReferences: [OWNER] }, spec)).toBe("");
  });

  test("an owner without a uid is none", () => {
    expect(messageFor("Route", { ownerReferences: [{ ...OWNER, uid: "" }] }, ROUTED)).toBe(
      "missing field(s): metadata.ownerReferences[0].uid",
    );
  });

  test("autoscaling annotations are refused on a Route and judged on a Revision", () => {
    const annotations = { "autoscaling.knative.dev/window": "1s" };
    expect(messageFor("Route", { annotations }, ROUTED)).toContain("must be put under");
    const stored = { ...create(), kind: "Revision" as const, spec: CONFIGURED.template.spec };
    expect(messageFor("Revision", { annotations }, stored.spec, stored)).toBe(
      "expected 6s <= 1s <= 1h0m0s: metadata.annotations.autoscaling.knative.dev/window",
    );
  });
});

test("a Revision's spec cannot change, and the message tells what did", () => {
  const stored = { ...create(), kind: "Revision" as const, spec: CONFIGURED.template.spec };
  const labels = { team: "a" };
  expect(messageFor("Revision", { labels }, stored.spec, stored)).toBe("");
  expect(messageFor("Revision", {}, { containers: [{ image: "dev.local/other" }] }, stored)).toBe(
    'Immutable fields changed (-old +new): spec\n{v1.RevisionSpec}.containers[0].image:\n\t-: "dev.local/hello"\n\t+: "dev.local/other"\n',
  );
});

describe("traffic", () => {
  test.each<[string, Change]>([
    ["Traffic targets sum to 90, want 100: spec.traffic", traffic({ percent: 90 })],
    [
      "Traffic targets sum to 101, want 100: spec.traffic\nexpected 0 <= 101 <= 100: spec.traffic[0].percent",
      traffic({ percent: 101 }),
    ],
    ["must not set the field(s): spec.traffic[0].configurationName", traffic({ percent: 100, configurationName: "c" })],
    ["must not set the field(s): spec.traffic[0].url", traffic({ percent: 100, tag: "t", url: "http://x" })],
    [
      'Multiple definitions for "t": spec.traffic[0].tag, spec.traffic[1].tag',
      traffic({ percent: 100, tag: "t" }, { tag: "t" }),
    ],
    [`invalid value: not a DNS 1035 label: [${DNS_1035}]: spec.traffic.tag[0]`, traffic({ percent: 100, tag: "T" })],
    [
      'may not set revisionName "hello-1" when latestRevision is true: spec.traffic[0].latestRevision',
      traffic({ percent: 100, revisionName: "hello-1", latestRevision: true }),
    ],
    [
      'may not set revisionName "" when latestRevision is false: spec.traffic[0].latestRevision',
      traffic({ percent: 100, latestRevision: false }),
    ],
    [
      'invalid key name "a b": spec.traffic[0].revisionName\nmust be the name of an object',
      traffic({ percent: 100, revisionName: "a b" }),
    ],
  ])("%s", (message, change) => {
    expect(messageOf(change)).toBe(message);
  });

  test.each([
    ["Traffic targets sum to 0, want 100: spec.traffic", undefined],
    [
      "expected exactly one, got neither: spec.traffic[0].configurationName, spec.traffic[0].revisionName",
      [{ percent: 100 }],
    ],
    [
      "expected exactly one, got both: spec.traffic[0].configurationName, spec.traffic[0].revisionName",
      [{ percent: 100, configurationName: "c", revisionName: "r" }],
    ],
  ])("of a Route: %s", (message, targets) => {
    expect(messageFor("Route", {}, { traffic: targets })).toBe(message);
  });
});

test("labels and annotations have a limit in all", () => {
  const many = (length: number) => Object.fromEntries(Array.from({ length }, (_, i) => [`key-${i}`, "x".repeat(60)]));
  const rule = "Too long: may not be more than 262144 characters";
  expect(messageFor("Route", { labels: many(3_000), annotations: many(3_000) }, ROUTED)).toBe("");
  expect(messageFor("Route", { labels: many(4_000) }, ROUTED)).toBe(`${rule}: metadata.labels`);
  expect(messageFor("Route", { annotations: many(4_000) }, ROUTED)).toBe(`${rule}: metadata.annotations`);
});
