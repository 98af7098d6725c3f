/** Manifests as large as a body may be, wrong in as many places as they hold. */
import { expect, test } from "vitest";
import { admitCreate } from "../../../src/core/resource/admit.ts";
import { duplicateFields } from "../../../src/core/resource/duplicate-fields.ts";
import { RESOURCE_TYPES } from "../../../src/core/resource/resource-type.ts";
import {
  type Body,
  body,
  type Change,
  CONTEXT,
  container,
  IDENTITY,
  podSpec,
  SERVICE,
  withFeatures,
} from "./service-body.ts";

const MANY = 30_000;
/** Quadratic, these took from seconds to minutes. */
const SOON_MS = 1_500;
const MAX_ANSWER_CHARS = 20 * 1024;
const OPEN = withFeatures({ "kubernetes.podspec-volumes-emptydir": "Enabled" });

const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const volumes = times(MANY, (i) => ({ name: `v-${i}`, emptyDir: {} }));

test.each<[string, string, Change]>([
  [
    "tags",
    "Multiple definitions",
    (made) => (made.spec.traffic = times(MANY, (i) => ({ tag: `t-${i >> 1}`, percent: 0 }))),
  ],
  [
    "one tag",
    'Multiple definitions for "a"',
    (made) => (made.spec.traffic = times(MANY, () => ({ tag: "a", percent: 0 }))),
  ],
  ["volumes", "not mounted", podSpec({ volumes })],
  [
    "mounts",
    "mountPath",
    (made) => {
      podSpec({ volumes })(made);
      container({
        volumeMounts: times(MANY, (i) => ({ name: `v-${MANY - 1 - i}`, mountPath: i === 0 ? "/m-1" : `/m-${i}` })),
      })(made);
    },
  ],
  ["containers", "containers", podSpec({ containers: times(MANY, (i) => ({ image: "i", name: `c-${i}` })) })],
  ["a value", "invalid value", (made) => (made.spec.template.spec.serviceAccountName = "A".repeat(3_000_000))],
])("are refused soon and with a short answer: %s", (_, words, change) => {
  const sent: Body = body(change);
  const startMs = performance.now();
  const refusal = admitCreate(SERVICE, "default", sent, IDENTITY, OPEN);
  expect(performance.now() - startMs).toBeLessThan(SOON_MS);
  expect(refusal).toMatchObject({ ok: false, status: { code: 400, message: expect.stringContaining(words) } });
  expect(JSON.stringify(refusal).length).toBeLessThan(MAX_ANSWER_CHARS);
});

test("the answer says how much it leaves out", () => {
  const sent = body((made) => (made.spec.traffic = times(200, () => ({ percent: 101, latestRevision: true }))));
  expect(admitCreate(SERVICE, "default", sent, IDENTITY, CONTEXT)).toMatchObject({
    status: {
      message: expect.stringMatching(/expected 0 <= 101 <= 100: (spec\.traffic\[\d+\]\.percent, ){100}… and 100 more/),
    },
  });
});

test("unknown fields are named up to a bound", () => {
  const sent = body((made) => Object.assign(made.spec, Object.fromEntries(times(MANY, (i) => [`f${i}`, 1]))));
  const refusal = admitCreate(SERVICE, "default", sent, IDENTITY, { ...CONTEXT, isStrict: true });
  expect(refusal).toMatchObject({
    status: { message: expect.stringMatching(/unknown field "spec\.f99", … and 29900 more$/) },
  });
});

test("the causes of Kubernetes' own kinds are bounded too", () => {
  const data = Object.fromEntries(times(MANY, (i) => [`no key ${i}`, ""]));
  const refusal = admitCreate(
    RESOURCE_TYPES.ConfigMap,
    "default",
    { metadata: { name: "m" }, data },
    IDENTITY,
    CONTEXT,
  );
  expect(refusal).toMatchObject({ status: { code: 422, message: expect.stringContaining("more]") } });
  expect(JSON.stringify(refusal).length).toBeLessThan(2 * MAX_ANSWER_CHARS);
});

test("members that are there twice are looked for up to a bound", () => {
  const members = times(1_000, (i) => `"m${i}":1,"m${i}":2`).join(",");
  expect(duplicateFields(`{"${"p".repeat(1_000_000)}":{${members}}}`)).toHaveLength(100);
});
