import { expect, test } from "vitest";
import { encodeBase64Text } from "../../../src/core/base64.ts";
import { admitCreate } from "../../../src/core/resource/admit.ts";
import { RESOURCE_TYPES } from "../../../src/core/resource/resource-type.ts";
import { admitMerged, CONTEXT, IDENTITY } from "./service-body.ts";

const SECRET = RESOURCE_TYPES.Secret;
const create = (fields: object) =>
  admitCreate(SECRET, "default", { metadata: { name: "keys" }, ...fields }, IDENTITY, CONTEXT);

test("stringData is written into data, over what stands there, and not kept", () => {
  const made = create({ data: { A: "YQ==", B: "Yg==" }, stringData: { B: "€uro", C: "" } });
  expect(made).toMatchObject({ ok: true, object: { type: "Opaque", data: { A: "YQ==", B: "4oKsdXJv", C: "" } } });
  expect(made.ok && "stringData" in made.object).toBe(false);
  if (!made.ok) return;
  const patched = admitMerged(SECRET, made.object, { stringData: { A: "b" } }, CONTEXT);
  expect(patched).toMatchObject({ object: { data: { A: "Yg==", B: "4oKsdXJv", C: "" } } });
});

test("a value that is not base64 is refused without being repeated", () => {
  const refused = create({ data: { A: "hunter2!" } });
  const message = refused.ok ? "" : (refused.status.message ?? "");
  expect(message).toContain(
    'Secret "keys" is invalid: data.A: illegal base64 data: put texts that are not encoded under stringData',
  );
  expect(message).not.toContain("hunter2");
  expect(create({ data: { "a b": "" } }).ok).toBe(false);
});

test("a value of the wrong type is refused without being repeated", () => {
  for (const fields of [
    { stringData: { A: 4711 } },
    { data: { A: { b: "4711" } } },
    { data: "4711" },
    { type: 4711 },
  ]) {
    const refused = create(fields);
    expect(refused).toMatchObject({ ok: false, status: { message: expect.stringContaining("invalid value: ") } });
    expect(JSON.stringify(refused)).not.toContain("4711");
  }
});

test.each([
  ["", ""],
  ["f", "Zg=="],
  ["fo", "Zm8="],
  ["foo", "Zm9v"],
  ["50%\n", "NTAlCg=="],
  ["€", "4oKs"],
  ["\ud800", "77+9"],
])("the text %j is base64 %j", (text, encoded) => {
  expect(encodeBase64Text(text)).toBe(encoded);
});
