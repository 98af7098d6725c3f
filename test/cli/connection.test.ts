import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { connect } from "../../src/cli/api/connection.ts";

let state = "";

beforeEach(() => {
  vi.stubEnv("ROUSE_ADMIN_TOKEN", undefined);
  state = mkdtempSync(join(tmpdir(), "rouse-state-"));
  writeFileSync(join(state, "admin-token"), "local-token\n");
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(state, { recursive: true });
});

it("tells the token of the local edge to no other edge", () => {
  const edge = "https://rouse.example.com";
  expect(() => connect({ state, edge })).toThrow(
    expect.objectContaining({ message: `there is no token for ${edge}`, exitCode: 3 }),
  );
});

it.each(["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"])("takes it to %s", (edge) => {
  expect(connect({ state, edge }).edgeUrl).toBe(edge);
});
