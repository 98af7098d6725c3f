import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { readManifests } from "../../src/cli/api/manifest.ts";
import { EXIT_CODES } from "../../src/cli/cli-error.ts";
import { upCommand } from "../../src/cli/commands/up.ts";
import { PACKAGE_ROOT } from "../../src/cli/package-root.ts";
import { createProgram } from "../../src/cli/program.ts";
import { SCALING_KEYS } from "../../src/core/autoscaler/annotations.ts";
import { AUTOSCALER_CONFIG_KEYS } from "../../src/core/config/autoscaler-config.ts";
import { CONFIG_MAPS } from "../../src/core/config/config-maps.ts";
import { DEFAULTS_CONFIG_KEYS } from "../../src/core/config/defaults-config.ts";
import { FEATURES_CONFIG_KEYS } from "../../src/core/config/features-config.ts";
import { GC_CONFIG_KEYS } from "../../src/core/config/gc-config.ts";
import { NETWORK_CONFIG_KEYS } from "../../src/core/config/network-config.ts";
import { ROLLOUT_DURATION_KEYS } from "../../src/core/resource/duration-annotation.ts";
import { parseYaml } from "../../src/durable/control-plane/yaml.ts";

const doc = (path: string) => readFileSync(join(PACKAGE_ROOT, "docs", path), "utf8");
/** The first cells of the rows of all tables, without their backticks. */
const firstCells = (text: string) => [...text.matchAll(/^\| `([^`]+)` \|/gm)].map(([, cell = ""]) => cell);

describe("the reference", () => {
  it("has every annotation that is read, and no other", () => {
    const signatures = ["serving.knative.dev/creator", "serving.knative.dev/lastModifier"];
    const known = [...SCALING_KEYS, ...ROLLOUT_DURATION_KEYS, ...signatures, "rouse.dev/driver"];
    const documented = doc("reference/annotations.md").match(
      /`(autoscaling|serving)\.knative\.dev\/[\w-]+`|`rouse\.dev\/driver`/g,
    );
    expect(documented?.map((key) => key.slice(1, -1)).sort()).toEqual([...known].sort());
  });

  it.each([
    ["autoscaler", AUTOSCALER_CONFIG_KEYS],
    ["defaults", DEFAULTS_CONFIG_KEYS],
    ["features", FEATURES_CONFIG_KEYS],
    ["gc", GC_CONFIG_KEYS],
    ["network", NETWORK_CONFIG_KEYS],
  ] as const)("has every key of config-%s with the default that it has", (section, keys) => {
    const text = doc("reference/configuration.md").split(`\n## config-${section}\n`)[1]?.split("\n## ")[0] ?? "";
    expect(firstCells(text).sort()).toEqual([...keys].sort());
    const rows = [...text.matchAll(/^\| `([^`]+)` \| `([^`]+)` \|/gm)].map(([, key = "", value = ""]) => [key, value]);
    const { parse } = CONFIG_MAPS[section];
    expect(parse(Object.fromEntries(rows), parseYaml)).toEqual(parse({}, parseYaml));
  });

  it("has every option of `up`", () => {
    for (const { long } of upCommand().options) expect(doc("operations.md")).toContain(`${long}`);
  });

  it("has every command, and no other", () => {
    const documented = [...doc("reference/cli.md").matchAll(/^\| `([a-z][^`]*)` \|/gm)].map(([, cell = ""]) => cell);
    const words = documented.map((cell) => cell.replaceAll(/ \[?[A-Z].*$/g, ""));
    expect(words.sort()).toEqual(
      commandsOf(createProgram())
        .map(({ path }) => path)
        .sort(),
    );
  });

  it("has every option of every command, and no other", () => {
    const text = doc("reference/cli.md");
    const documented = new Set([...text.matchAll(/--[a-z][a-z-]*/g)].map(([option]) => option));
    const commands = commandsOf(createProgram()).filter(({ path }) => path !== "up");
    const known = new Set(commands.flatMap(({ command }) => command.options.map(({ long }) => long ?? "")));
    expect([...documented].filter((option) => !known.has(option))).toEqual(["--kubeconfig"]);
    expect([...known].filter((option) => !documented.has(option))).toEqual([]);
  });

  it("has every exit code", () => {
    const codes = firstCells(doc("reference/cli.md")).filter((cell) => /^\d+$/.test(cell));
    expect(codes.map(Number)).toEqual([0, ...Object.values(EXIT_CODES)]);
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

/** Commands that do something, with the words that call them; hidden ones are nobody's business. */
function commandsOf(command: Command, path = ""): { readonly path: string; readonly command: Command }[] {
  const children = command.commands.filter((child) => !child.name().startsWith("__"));
  const below = children.flatMap((child) => commandsOf(child, `${path} ${child.name()}`.trim()));
  const isNoun = children.length > 0 && command.options.every(({ long }) => long === "--version");
  return isNoun ? below : [{ path, command }, ...below];
}
