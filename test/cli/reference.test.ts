import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readManifests } from "../../src/cli/api/manifest.ts";
import { agentCommand } from "../../src/cli/commands/agent.ts";
import { applyCommand } from "../../src/cli/commands/apply.ts";
import { upCommand } from "../../src/cli/commands/up.ts";
import { PACKAGE_ROOT } from "../../src/cli/package-root.ts";
import { SCALING_KEYS } from "../../src/core/autoscaler/annotations.ts";
import { AUTOSCALER_CONFIG_KEYS, parseAutoscalerConfig } from "../../src/core/config/autoscaler-config.ts";

const doc = (path: string) => readFileSync(join(PACKAGE_ROOT, "docs", path), "utf8");
/** The first cells of the rows of all tables, without their backticks. */
const firstCells = (text: string) => [...text.matchAll(/^\| `([^`]+)` \|/gm)].map(([, cell = ""]) => cell);

describe("the reference", () => {
  it("has every annotation that says something, and no other", () => {
    const known = [...SCALING_KEYS, "rouse.dev/driver"];
    const documented = doc("reference/annotations.md").match(
      /`(autoscaling|serving)\.knative\.dev\/[\w-]+`|`rouse\.dev\/driver`/g,
    );
    expect(documented?.map((key) => key.slice(1, -1)).sort()).toEqual([...known].sort());
  });

  it("has every key of config-autoscaler with the default that it has", () => {
    const text = doc("reference/configuration.md");
    expect(firstCells(text).sort()).toEqual([...AUTOSCALER_CONFIG_KEYS].sort());
    const rows = [...text.matchAll(/^\| `([^`]+)` \| `([^`]+)` \|/gm)].map(([, key = "", value = ""]) => [key, value]);
    expect(rows).toHaveLength(AUTOSCALER_CONFIG_KEYS.length);
    expect(parseAutoscalerConfig(Object.fromEntries(rows))).toEqual(parseAutoscalerConfig({}));
  });

  it.each([
    ["reference/cli.md", agentCommand()],
    ["reference/cli.md", applyCommand()],
    ["operations.md", upCommand()],
  ])("in %s has every option of the verb", (path, command) => {
    for (const { long } of command.options) expect(doc(path)).toContain(`${long}`);
  });

  it("links to files that are there", () => {
    for (const [, target = ""] of readFileSync(join(PACKAGE_ROOT, "README.md"), "utf8").matchAll(
      /\]\(([^)#]+\.md)\)/g,
    )) {
      expect(readFileSync(join(PACKAGE_ROOT, target), "utf8")).toMatch(/^# /);
    }
  });

  it("is about examples that listen where it says", () => {
    for (const { metadata } of readManifests(join(PACKAGE_ROOT, "examples"))) {
      if (metadata.name === "wiki") continue;
      const server = readFileSync(join(PACKAGE_ROOT, "examples/apps", metadata.name, "server.js"), "utf8");
      expect(server).toContain("127.0.0.1");
    }
  });
});
