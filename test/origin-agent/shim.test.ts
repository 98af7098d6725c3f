import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type PodProgram, Shim, startScript } from "../../src/origin-agent/drivers/process/shim.ts";
import { SpareShims } from "../../src/origin-agent/drivers/process/spare-shims.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rouse shim's "));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs a program behind a shim to its end. */
async function run(program: Partial<PodProgram>): Promise<{ code: number | null; log: string; exit: string }> {
  const defaults = { workingDir: folder, executable: process.execPath, args: [], environment: {} };
  writeFileSync(join(folder, "start"), startScript({ ...defaults, ...program }));
  const shim = await Shim.spawn();
  const ended = once(shim.child, "exit");
  shim.run(folder);
  const [code] = await ended;
  const read = (name: string) => readFileSync(join(folder, name), "utf8");
  return { code, log: read("log"), exit: read("exit") };
}

const PRINT = `console.log(JSON.stringify({ args: process.argv.slice(1), env: process.env, cwd: process.cwd() }))`;

describe("a shim", () => {
  it("hands arguments and variables on as they are", async () => {
    const args = ["it's", 'a "b" $HOME `id` \\ *', "", "two\nlines", "--", "ünïcode"];
    const environment = {
      PLAIN: "value",
      QUOTED: "it's $PLAIN; exit 9",
      "a.dotted-name": "1",
      PPID: "2",
      UID: "3",
      IFS: "x",
      EMPTY: "",
    };
    const { log } = await run({ args: ["-e", PRINT, ...args], environment });
    const seen = JSON.parse(log);
    expect(seen.args).toEqual(args);
    expect(seen.env).toMatchObject(environment);
    expect(seen.cwd).toBe(folder);
  });

  it("adds nothing of the agent's environment", async () => {
    process.env.ROUSE_TEST_SECRET = "secret";
    const { log } = await run({ args: ["-e", PRINT] });
    delete process.env.ROUSE_TEST_SECRET;
    // PWD and _ are the shell's.
    expect(Object.keys(JSON.parse(log).env).filter((name) => !["PWD", "_", "SHLVL"].includes(name))).toEqual([]);
  });

  it("records the exit code, and all that was written", async () => {
    const ended = await run({ args: ["-e", 'console.log("out"); console.error("err"); process.exit(7)'] });
    expect(ended).toEqual({ code: 7, log: "out\nerr\n", exit: "7\n" });
  });

  it("refuses what no program can be given", () => {
    const program = { workingDir: "/", executable: "/bin/true", args: ["a\0b"], environment: {} };
    expect(() => startScript(program)).toThrow("NUL");
  });

  it("ends when the agent that made it goes away before there was a pod", async () => {
    const shim = await Shim.spawn();
    const ended = once(shim.child, "exit");
    // What the kernel does for an agent that is killed.
    shim.child.stdin?.destroy();
    expect(await ended).toEqual([0, null]);
  });
});

describe("spare shims", () => {
  it("are replaced when they died, and end with the agent", async () => {
    const spares = new SpareShims(pino({ level: "silent" }));
    const first = await spares.take();
    const waiting = () => spares.waitingPids;
    await expect.poll(waiting).toHaveLength(2);
    const [killed = 0, other = 0] = waiting();
    process.kill(killed, "SIGKILL");
    await expect.poll(() => isAlive(killed)).toBe(false);
    await expect.poll(waiting).not.toContain(killed);
    const second = await spares.take();
    expect(second.identity.pid).toBe(other);
    spares.close();
    await expect.poll(() => waiting().some(isAlive)).toBe(false);
    for (const shim of [first, second]) {
      const ended = once(shim.child, "exit");
      shim.dismiss();
      await ended;
    }
  });
});

function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}
