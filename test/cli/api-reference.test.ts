import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { PACKAGE_ROOT } from "../../src/cli/package-root.ts";
import { SERVED_TYPES } from "../../src/core/resource/resource-type.ts";

const REFERENCE = readFileSync(join(PACKAGE_ROOT, "docs/reference/api.md"), "utf8");
const section = REFERENCE.split("\n## ").find((part) => part.startsWith("Groups and kinds")) ?? "";
const rows = [...section.matchAll(/^\| `(\w+)` \| (.+?) \| (.*?) ?\| (.+?) \|$/gm)];
const quoted = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text);

it("the reference of the API lists every kind that is served, with its short names and what can be done", () => {
  const documented = rows.flatMap(([, kind = "", versions = "", shortNames = "", verbs = ""]) =>
    quoted(versions).map((version) => {
      const canCreate = verbs === "all";
      return `${version} ${kind} ${quoted(shortNames).join(",")} ${canCreate ? "create" : ""}`;
    }),
  );
  const served = SERVED_TYPES.map(({ apiVersion, wireKind, shortNames, verbs }) => {
    return `${apiVersion} ${wireKind} ${shortNames.join(",")} ${verbs.includes("create") ? "create" : ""}`;
  });
  expect(documented.sort()).toEqual(served.sort());
});
