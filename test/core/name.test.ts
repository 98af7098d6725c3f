import { describe, expect, test } from "vitest";
import { md5Hex } from "../../src/core/md5.ts";
import {
  childName,
  dns1035LabelProblem,
  dns1123SubdomainProblem,
  generatedName,
  isLabelValue,
  isQualifiedKey,
} from "../../src/core/name.ts";

test("md5 gives the digests of RFC 1321 appendix A.5", () => {
  expect(md5Hex("")).toBe("d41d8cd98f00b204e9800998ecf8427e");
  expect(md5Hex("abc")).toBe("900150983cd24fb0d6963f7d28e17f72");
  expect(md5Hex("12345678901234567890123456789012345678901234567890123456789012345678901234567890")).toBe(
    "57edf4a22be3c955ac49da2e2107b67a",
  );
});

describe("childName", () => {
  test("joins a short parent and its suffix", () => {
    expect(childName("hello", "-00001")).toBe("hello-00001");
  });
  test("keeps a prefix and the MD5 of a parent that is too long", () => {
    const parent = "a".repeat(60);
    expect(childName(parent, "-00001")).toBe(`${"a".repeat(25)}${md5Hex(parent)}-00001`);
  });
  test("hashes both when the suffix alone takes the room", () => {
    const suffix = `-${"s".repeat(40)}`;
    expect(childName("parent".repeat(6), suffix)).toBe(
      "parent".repeat(6).slice(0, 31) + md5Hex("parent".repeat(6) + suffix),
    );
  });
});

test("a generated name is the prefix and five letters without vowels", () => {
  expect(generatedName("job-", [0, 0.5, 0.999, 0.1, 0.2])).toMatch(/^job-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  expect(generatedName("x".repeat(80), [0, 0, 0, 0, 0])).toBe(`${"x".repeat(58)}bbbbb`);
});

test("labels and subdomains are judged as Kubernetes does", () => {
  expect(dns1035LabelProblem("my-name")).toBeNull();
  expect(dns1035LabelProblem("1name")).toContain("a DNS-1035 label must consist of");
  expect(dns1035LabelProblem("a".repeat(64))).toBe("must be no more than 63 characters");
  expect(dns1123SubdomainProblem("foo@bar.baz")).toContain("a lowercase RFC 1123 subdomain must consist of");
  expect(dns1123SubdomainProblem("foo.bar")).toBeNull();
  expect(isQualifiedKey("serving.knative.dev/creator")).toBe(true);
  expect(isQualifiedKey("Bad Key")).toBe(false);
  expect(isLabelValue("")).toBe(true);
  expect(isLabelValue("-x")).toBe(false);
});
