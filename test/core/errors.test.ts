import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { codeOf, ERRORS, ServingError } from "../../src/core/errors.ts";

it("lists the same errors as the reference page", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/reference/errors.md"), "utf8");
  const rows = [...page.matchAll(/^\| `(\w+)` \| (\d+) \| (yes|no) \| (.+) \|$/gm)].map((row) => row.slice(1));
  const table = Object.entries(ERRORS).map(([code, { status, retryable, meaning }]) => [
    ...[code, String(status), retryable ? "yes" : "no", meaning],
  ]);
  expect(rows).toEqual(table);
});

it("reads the code of an error that lost its class on the way", () => {
  const error = new ServingError("HOST_UNKNOWN", "no such host");
  expect(codeOf(error)).toBe("HOST_UNKNOWN");
  expect(codeOf({ code: "HOST_UNKNOWN", message: "as it comes over RPC" })).toBe("HOST_UNKNOWN");
  expect([codeOf({ code: "ENOENT" }), codeOf(new Error("x")), codeOf(null)]).toEqual([undefined, undefined, undefined]);
});
