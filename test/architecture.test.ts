/**
 * The shape of the whole, held by a test: which folder may import which, what core may not touch, how long a file may be.
 * Each rule is tried on a small bad sample as well, so that it cannot pass because it sees nothing.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { arrowViolations, barrels, cycles, impurities, longFiles, typeEscapes } from "./architecture/rules.ts";
import { importsOf, ROOT, readSources, type Sources } from "./architecture/source-tree.ts";

const all = readSources("src");
const core = readSources("src/core");

/** Path → why more than 300 lines are better in one piece. */
const LONG_FILES: Readonly<Record<string, string>> = {
  "src/core/revision/machine.ts": "one state machine, drawn at its top: every event ends in the same settling",
};

describe("the sources", () => {
  it("are there to be judged", () => {
    expect(core.size).toBeGreaterThan(5);
    expect(all.size).toBeGreaterThan(core.size);
  });

  it("import along the arrows only: every edge imports core and itself", () => {
    expect(arrowViolations(all)).toEqual([]);
  });

  it("have no import cycle, types included", () => {
    expect(cycles(all)).toEqual([]);
  });

  it("have no barrel", () => {
    expect(barrels(all)).toEqual([]);
  });

  it("do not step around the type checker", () => {
    expect(typeEscapes(all)).toEqual([]);
  });

  it("stay under 300 lines a file, or say why not", () => {
    expect(longFiles(all, LONG_FILES)).toEqual([]);
  });
});

describe("core", () => {
  it("has no clock, no chance, no timer and no input or output", () => {
    expect(impurities(core)).toEqual([]);
  });

  it("compiles without the types of DOM, Node.js and Workers", () => {
    expect(compile(join(ROOT, "tsconfig.core.json"))).toBe("");
  });

  it.each([
    ["document.title;", "DOM"],
    ["Buffer.from([]);", "Node.js"],
    ["setTimeout(() => {}, 1);", "timers"],
    ['const response = new Response("");\nresponse.ok;', "Workers"],
  ])("would not compile with %j (%s)", (code) => {
    const folder = mkdtempSync(join(tmpdir(), "rouse-core-"));
    try {
      writeFileSync(join(folder, "sample.ts"), `export {};\n${code}\n`);
      writeFileSync(
        join(folder, "tsconfig.json"),
        JSON.stringify({ extends: join(ROOT, "tsconfig.core.json"), include: ["sample.ts"] }),
      );
      expect(compile(join(folder, "tsconfig.json"))).toContain("sample.ts");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("each rule can fail", () => {
  it("sees every form of an import", () => {
    const source = [
      'import "./a.ts";',
      'import type { B } from "../b.ts";',
      'import c, { type D } from "./c.ts";',
      'export { e } from "./e.ts";',
      'const f = await import("./f.ts");',
      '// import "./comment.ts";',
      'import {\n  g,\n} from "hono";',
    ].join("\n");
    const found = ["src/x/a.ts", "src/b.ts", "src/x/c.ts", "src/x/e.ts", "src/x/f.ts", "hono"];
    expect(importsOf("src/x/file.ts", source)).toEqual(found);
  });

  it.each([
    ["src/core/a.ts", 'import { x } from "../worker/x.ts";'],
    ["src/core/a.ts", 'import type { x } from "node:fs";'],
    ["src/worker/a.ts", 'import { x } from "../durable/x.ts";'],
    ["src/durable/a.ts", 'import type { x } from "../worker/x.ts";'],
    ["src/cli/a.ts", 'import { x } from "../origin-agent/x.ts";'],
    ["src/origin-agent/a.ts", 'import { x } from "../cli/x.ts";'],
  ])("arrows: %s may not say %s", (path, code) => {
    expect(arrowViolations(one(path, code))).toHaveLength(1);
  });

  it("arrows: an edge may import core and packages, the composition root the objects", () => {
    const code = 'import { x } from "../core/x.ts";\nimport { Hono } from "hono";';
    expect(arrowViolations(one("src/worker/a.ts", code))).toEqual([]);
    expect(arrowViolations(one("src/worker/index.ts", 'import { X } from "../durable/x.ts";'))).toEqual([]);
  });

  it("cycles: finds one that goes through types and three files", () => {
    const sources = new Map([
      ["src/core/a.ts", 'import type { B } from "./b.ts";'],
      ["src/core/b.ts", 'import type { C } from "./c.ts";'],
      ["src/core/c.ts", 'import { a } from "./a.ts";'],
      ["src/core/d.ts", 'import { a } from "./a.ts";'],
    ]);
    expect(cycles(sources)).toEqual(["src/core/a.ts → src/core/b.ts → src/core/c.ts → src/core/a.ts"]);
  });

  it.each(['export * from "./a.ts";', 'export { a } from "./a.ts";', 'export type { A } from "./a.ts";'])(
    "barrels: finds %s",
    (code) => {
      expect(barrels(one("src/core/index.ts", code))).toHaveLength(1);
    },
  );

  it.each([
    "const t = Date.now();",
    "const t = new Date();",
    "const t = performance.now();",
    "const r = Math.random();",
    "const id = crypto.randomUUID();",
    "setTimeout(f, 1);",
    "setInterval(f, 1);",
    'const r = fetch("http://x");',
    "const e = process.env.HOME;",
    'console.log("x");',
    "export async function f() {}",
    "let counter = 0;",
  ])("core: finds %s", (code) => {
    expect(impurities(one("src/core/a.ts", code))).not.toEqual([]);
  });

  it("core: does not mistake a comment, a string or new Date(ms) for the clock", () => {
    const code = '// Date.now() is not for core\nconst text = "Math.random()";\nconst d = new Date(nowMs);';
    expect(impurities(one("src/core/a.ts", code))).toEqual([]);
  });

  it.each(["const a: any = 1;", "f(x as any);", "type M = Map<string, any>;", "// @ts-expect-error\nf();"])(
    "types: finds %j",
    (code) => {
      expect(typeEscapes(one("src/core/a.ts", code))).toHaveLength(1);
    },
  );

  it("length: finds a long file, accepts an excuse, and refuses one that is not needed", () => {
    const sources = new Map([
      ["src/a.ts", "x\n".repeat(301)],
      ["src/b.ts", "x\n".repeat(300)],
    ]);
    expect(longFiles(sources, {})).toEqual(["src/a.ts has 301 lines, more than 300"]);
    expect(longFiles(sources, { "src/a.ts": "one state machine" })).toEqual([]);
    expect(longFiles(sources, { "src/a.ts": "", "src/b.ts": "" })).toEqual(["src/b.ts needs no excuse any more"]);
  });
});

function one(path: string, code: string): Sources {
  return new Map([[path, code]]);
}

/** @returns what the compiler has to say; "" = nothing */
function compile(project: string): string {
  try {
    execFileSync(join(ROOT, "node_modules/.bin/tsc"), ["-p", project], { encoding: "utf8", cwd: ROOT });
    return "";
  } catch (error) {
    return String((error as { stdout?: unknown }).stdout ?? error);
  }
}
