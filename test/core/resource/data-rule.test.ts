import { expect, test } from "vitest";
import { admitCreate } from "../../../src/core/resource/admit.ts";
import { RESOURCE_TYPES } from "../../../src/core/resource/resource-type.ts";
import { admitMerged, CONTEXT, IDENTITY } from "./service-body.ts";

type Kind = "ConfigMap" | "Secret";

/** The message with which a change of an object is refused; "" when it is not. */
function refusal(kind: Kind, fields: object, patch: object): string {
  const type = RESOURCE_TYPES[kind];
  const body = { metadata: { name: "keys" }, ...fields };
  const made = admitCreate(type, "default", body, IDENTITY, CONTEXT);
  if (!made.ok) throw new Error(made.status.message);
  const changed = admitMerged(type, made.object, patch, CONTEXT);
  if (!changed.ok) expect(changed.status).toMatchObject({ code: 422, reason: "Invalid" });
  return changed.ok ? "" : (changed.status.message ?? "");
}

test.each<[Kind]>([["ConfigMap"], ["Secret"]])("an immutable %s keeps its data and stays immutable", (kind) => {
  const locked = { immutable: true, data: { a: "YQ==" } };
  const why = "Forbidden: field is immutable when `immutable` is set";
  expect(refusal(kind, locked, { data: { a: "Yg==" } })).toBe(`${kind} "keys" is invalid: data: ${why}`);
  expect(refusal(kind, locked, { immutable: null, data: { b: "" } })).toBe(
    `${kind} "keys" is invalid: [immutable: ${why}, data: ${why}]`,
  );
  expect(refusal(kind, locked, { metadata: { labels: { a: "b" } } })).toBe("");
  expect(refusal(kind, { data: {} }, { immutable: true })).toBe("");
});

test("the type of a Secret does not change", () => {
  expect(refusal("Secret", {}, { type: "kubernetes.io/tls" })).toBe(
    'Secret "keys" is invalid: type: Invalid value: "kubernetes.io/tls": field is immutable',
  );
});

test("binaryData of a ConfigMap is base64 under keys of its own", () => {
  expect(refusal("ConfigMap", { data: { a: "text" } }, { binaryData: { b: "AP8=" } })).toBe("");
  expect(refusal("ConfigMap", { data: { a: "text" } }, { binaryData: { a: "?", "b c": "" } })).toBe(
    'ConfigMap "keys" is invalid: [binaryData: invalid key name "b c": a valid config key must consist of ' +
      "alphanumeric characters, '-', '_' or '.', binaryData.a: illegal base64 data, " +
      'data.a: Invalid value: "a": duplicate of key present in binaryData]',
  );
});
