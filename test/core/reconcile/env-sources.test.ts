import { describe, expect, test } from "vitest";
import { decodeBase64Text } from "../../../src/core/base64.ts";
import { envReferences, MAX_ENV_CHARS, resolveEnv } from "../../../src/core/reconcile/env-sources.ts";
import { dependentsOf } from "../../../src/core/reconcile/references.ts";
import type { Container } from "../../../src/core/resource/container.ts";
import type { KubeObject } from "../../../src/core/resource/object.ts";
import { observedOf, revision } from "./fixtures.ts";

function source(kind: "ConfigMap" | "Secret", name: string, data: Record<string, string>, namespace = "default") {
  const metadata = { name, namespace, uid: `uid-${name}`, resourceVersion: "1", generation: 1, creationTimestamp: "" };
  return { apiVersion: "v1", kind, metadata, data } satisfies KubeObject;
}

const SETTINGS_MAP = source("ConfigMap", "settings", { COLOR: "blue", "app.mode": "fast", "not a name": "x" });
/** "s3cr€t $(COLOR)" and the octets fe ff, which are no text. */
const KEYS = source("Secret", "keys", { TOKEN: "czNjcuKCrHQgJChDT0xPUik=", BLOB: "/v8=" });
const ELSEWHERE = source("ConfigMap", "far", { COLOR: "red" }, "other");

function resolve(container: Container) {
  const { variables, problem } = resolveEnv(container, "default", observedOf([SETTINGS_MAP, KEYS, ELSEWHERE]));
  return { problem, values: variables.map(({ name, value }) => `${name}=${value}`), variables };
}

describe("the environment of a container", () => {
  test("takes one key of a ConfigMap or Secret as it is: a reference in it stays text", () => {
    const { variables, problem } = resolve({
      env: [
        { name: "PLAIN", value: "$(COLOR)" },
        { name: "COLOR", valueFrom: { configMapKeyRef: { name: "settings", key: "COLOR" } } },
        { name: "TOKEN", valueFrom: { secretKeyRef: { name: "keys", key: "TOKEN" } } },
      ],
    });
    expect(problem).toBeNull();
    expect(variables).toEqual([
      { name: "PLAIN", value: "$(COLOR)" },
      { name: "COLOR", value: "blue", isLiteral: true },
      { name: "TOKEN", value: "s3cr€t $(COLOR)", isLiteral: true },
    ]);
  });

  test("takes all keys with a prefix, those left out that are no names, and env after envFrom", () => {
    const { values } = resolve({
      envFrom: [{ prefix: "P_", configMapRef: { name: "settings" } }, { secretRef: { name: "keys" } }],
      env: [{ name: "P_COLOR", value: "green" }],
    });
    expect(values).toEqual(["P_COLOR=blue", "P_app.mode=fast", "TOKEN=s3cr€t $(COLOR)", "P_COLOR=green"]);
  });

  test.each<[string, string | null, Container]>([
    ["a ConfigMap", 'configmap "none" not found', { envFrom: [{ configMapRef: { name: "none" } }] }],
    [
      "a Secret",
      'secret "none" not found',
      { env: [{ name: "A", valueFrom: { secretKeyRef: { name: "none", key: "k" } } }] },
    ],
    [
      "a ConfigMap of another namespace",
      'configmap "far" not found',
      { env: [{ name: "A", valueFrom: { configMapKeyRef: { name: "far", key: "COLOR" } } }] },
    ],
    [
      "a key",
      "couldn't find key toString in ConfigMap default/settings",
      { env: [{ name: "A", valueFrom: { configMapKeyRef: { name: "settings", key: "toString" } } }] },
    ],
    [
      "a value that is no text",
      "couldn't find key BLOB in Secret default/keys",
      { env: [{ name: "A", valueFrom: { secretKeyRef: { name: "keys", key: "BLOB" } } }] },
    ],
    ["an optional ConfigMap", null, { envFrom: [{ configMapRef: { name: "none", optional: true } }] }],
    [
      "an optional key",
      null,
      { env: [{ name: "A", valueFrom: { secretKeyRef: { name: "keys", key: "none", optional: true } } }] },
    ],
  ])("says when %s is missing: %s", (_, problem, container) => {
    expect(resolve(container)).toMatchObject({ problem, values: [] });
  });

  test("has a bound, since it travels with every pod", () => {
    const { problem, values } = resolve({ env: [{ name: "A", value: "x".repeat(MAX_ENV_CHARS) }] });
    expect({ problem, values }).toEqual({ problem: "the environment has more than 262144 characters", values: [] });
  });

  test("of a revision is followed: a change of a source brings the revision up again", () => {
    const made = revision("hello-00001", "True");
    const env = [{ name: "A", valueFrom: { configMapKeyRef: { name: "settings", key: "COLOR" } } }];
    const object = { ...made, spec: { containers: [{ image: "dev.local/hello", env }] } };
    expect(envReferences({ env }, "default")).toEqual([{ kind: "ConfigMap", namespace: "default", name: "settings" }]);
    expect(dependentsOf(SETTINGS_MAP, observedOf([object, SETTINGS_MAP]))).toEqual([
      { kind: "Revision", namespace: "default", name: "hello-00001" },
    ]);
  });
});

test.each([
  ["", ""],
  ["Zg==", "f"],
  ["Zm8=", "fo"],
  ["Zm9vYmFy", "foobar"],
  ["Zm9v\nYmFy", "foobar"],
  ["Zm8", "fo"],
  ["4oKs", "€"],
  ["Zm9vYmFyZ", null],
  ["????", null],
  ["/w==", null],
])("base64 %j is the text %j", (text, decoded) => {
  expect(decodeBase64Text(text)).toBe(decoded);
});
