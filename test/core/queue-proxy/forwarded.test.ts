import { expect, it } from "vitest";
import { forwardedValue } from "../../../src/core/queue-proxy/forwarded.ts";
import { loadVectors } from "../../vectors.ts";

type Case = {
  readonly id: string;
  readonly kind: string;
  readonly request_headers: Record<string, string>;
  readonly want_headers: { readonly Forwarded: string };
};

const cases = loadVectors<Case>("headers").cases.filter((vector) => vector.kind === "forwarded");

it.each(cases)("makes the Forwarded header that Knative makes: $id", ({ request_headers: headers, want_headers }) => {
  const made = forwardedValue(
    headers["X-Forwarded-For"] ?? "",
    headers["X-Forwarded-Host"] ?? "",
    headers["X-Forwarded-Proto"] ?? "",
  );
  expect(headers.Forwarded ?? made).toBe(want_headers.Forwarded);
});
