import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isControlHost, normalizeHost } from "../../../src/core/routing/host.ts";

const label63 = "a".repeat(63);

describe("normalizeHost", () => {
  it.each<[string, string | null]>([
    ["hello.default.localhost", "hello.default.localhost"],
    ["Hello.DEFAULT.Localhost:8080", "hello.default.localhost"],
    ["hello.example.com.", "hello.example.com"],
    ["hello.example.com.:443", "hello.example.com"],
    ["hello.example.com:", "hello.example.com"],
    ["127.0.0.1:8080", "127.0.0.1"],
    ["a_b.example.com", "a_b.example.com"],
    ["xn--bcher-kva.example", "xn--bcher-kva.example"],
    [`${label63}.com`, `${label63}.com`],
    [`${label63}a.com`, null],
    [`${`${label63}.`.repeat(3)}${"a".repeat(61)}`, `${`${label63}.`.repeat(3)}${"a".repeat(61)}`],
    [`${`${label63}.`.repeat(3)}${"a".repeat(62)}`, null],
    ["", null],
    [".", null],
    [":80", null],
    ["hello..example.com", null],
    [".example.com", null],
    ["example.com..", null],
    ["-hello.com", null],
    ["hello-.com", null],
    ["hello.com:80:80", null],
    ["hello.com:123456", null],
    ["hello.com:8o", null],
    ["user@hello.com", null],
    ["hello.com/path", null],
    ["hello.com\n", null],
    [" hello.com", null],
    ["héllo.com", null],
    ["[::1]:8080", null],
    ["\u212Aube.example.com", null],
    ["hello.com\u3002example", null],
  ])("%j is %j", (authority, expected) => {
    expect(normalizeHost(authority)).toBe(expected);
  });

  it("gives, for any text, nothing or a name in which nothing is left to do", () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.domain(), fc.webAuthority());
    fc.assert(
      fc.property(text, (authority) => {
        const host = normalizeHost(authority);
        if (host === null) return;
        expect(host).toMatch(/^[a-z0-9_.-]+$/);
        expect(normalizeHost(host)).toBe(host);
        expect(normalizeHost(`${host.toUpperCase()}.:80`)).toBe(host);
      }),
    );
  });
});

describe("isControlHost", () => {
  it.each([
    ["rouse.example.com", "rouse.example.com", true],
    ["hello.example.com", "rouse.example.com", false],
    ["localhost", "rouse.example.com", false],
    ["localhost", "", true],
    ["127.0.0.1", "", true],
    ["hello.default.localhost", "", false],
    ["localhost.example.com", "", false],
  ])("%s with control host %j: %s", (host, controlHost, expected) => {
    expect(isControlHost(host, controlHost)).toBe(expected);
  });
});
