import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseManifests } from "../../src/cli/api/manifest.ts";
import { PACKAGE_ROOT } from "../../src/cli/package-root.ts";
import type { RevisionTemplate } from "../../src/core/resource/pod-spec.ts";

const README = readFileSync(join(PACKAGE_ROOT, "README.md"), "utf8");

describe("a manifest in the README", () => {
  const manifests = [...README.matchAll(/```yaml\n([\s\S]*?)```/g)].flatMap(([, text = ""]) =>
    parseManifests(text, "README.md"),
  );

  it("listens on this machine only and shows no files but its own", () => {
    expect(manifests.length).toBeGreaterThan(0);
    for (const { spec } of manifests) {
      const container = (spec as { template: RevisionTemplate }).template.spec.containers[0];
      expect(container?.command?.join(" ")).toContain("127.0.0.1");
      expect(container?.workingDir).toMatch(/\w/);
    }
  });
});
