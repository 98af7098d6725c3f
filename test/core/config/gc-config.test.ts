import { describe, expect, it } from "vitest";
import { type GcConfig, parseGcConfig } from "../../../src/core/config/gc-config.ts";
import { loadVectors } from "../../vectors.ts";

type ConfigCase = {
  readonly id: string;
  readonly kind: string;
  readonly config_gc: Record<string, string>;
  readonly want_valid?: boolean;
  readonly want_config?: Record<string, number | "disabled">;
};

const cases = loadVectors<ConfigCase>("config").cases.filter((vector) => vector.kind === "config_gc");

describe("config-gc is read as Knative reads it (config.json)", () => {
  it.each(cases)("$id: $config_gc", (vector) => {
    const parsed = parseGcConfig(vector.config_gc);
    expect(parsed.ok).toBe(vector.want_valid ?? false);
    if (parsed.ok) expect(toVector(parsed.config)).toEqual(vector.want_config);
    else expect(parsed.problems[0]?.key).toMatch(/^(?:retain-since-(?:create|last-active)|m(?:in|ax)-non-active)/);
  });
});

it("an empty limit is the default, and 'disabled' is read in any case", () => {
  const parsed = parseGcConfig({ "retain-since-create-time": "", "max-non-active-revisions": "DISABLED" });
  expect(parsed).toMatchObject({ ok: true, config: { retainSinceCreateMs: 172_800_000, maxNonActiveRevisions: null } });
});

function toVector(config: GcConfig): Record<string, number | "disabled"> {
  return {
    retain_since_create_time_ms: config.retainSinceCreateMs ?? "disabled",
    retain_since_last_active_time_ms: config.retainSinceLastActiveMs ?? "disabled",
    min_non_active_revisions: config.minNonActiveRevisions,
    max_non_active_revisions: config.maxNonActiveRevisions ?? "disabled",
  };
}
