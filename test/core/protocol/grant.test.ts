import fc from "fast-check";
import { expect, it } from "vitest";
import { grantPayload, parseGrant } from "../../../src/core/protocol/grant.ts";

const name = fc.stringMatching(/^[A-Za-z0-9-]{1,36}$/);
const claims = fc.record({ podId: name, leaseId: name, expiresAtMs: fc.maxSafeNat(), keyEpoch: fc.maxSafeNat() });

it("reads back every grant, with exactly the text that was signed", () => {
  fc.assert(
    fc.property(claims, fc.stringMatching(/^[A-Za-z0-9_-]{43}$/), (made, signature) => {
      const payload = grantPayload(made);
      expect(parseGrant(`${payload}.${signature}`)).toEqual({ claims: made, payload, signature });
    }),
  );
});

it.each([
  "",
  "....",
  "pod.lease.1.1",
  "pod.lease.1.1.",
  "pod.lease.1.1.sig.more",
  ".lease.1.1.sig",
  "pod..1.1.sig",
  "pod.lease..1.sig",
  "pod.lease.1..sig",
  "pod.lease.0x10.1.sig",
  "pod.lease.1e3.1.sig",
  "pod.lease. 1.1.sig",
  "pod.lease.-1.1.sig",
  "pod.lease.NaN.1.sig",
  "pod.lease.1.one.sig",
  "pod.lease.9007199254740993.1.sig",
])("takes %j for no grant", (text) => {
  expect(parseGrant(text)).toBeNull();
});

it("answers any text without throwing", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string(), fc.constant(".")), { maxLength: 12 }), (parts) => {
      const grant = parseGrant(parts.join(""));
      expect(grant === null || Number.isSafeInteger(grant.claims.expiresAtMs)).toBe(true);
    }),
  );
});
