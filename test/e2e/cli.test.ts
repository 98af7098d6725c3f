/** The `rouse` command against a whole system: what somebody does who has no kn. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { PACKAGE_ROOT } from "../../src/cli/package-root.ts";
import { type Rouse, startRouse } from "./harness/rouse.ts";
import { until } from "./harness/until.ts";

const APP = join(PACKAGE_ROOT, "test/e2e/fixtures/app.js");
const PROCESS = ["--driver", "process", "--cmd", "node", "--cmd", APP, "--scale-window", "6s"];
const ESCAPE = "\u001b";

let rouse: Rouse;
beforeAll(async () => {
  rouse = await startRouse();
});
afterAll(async () => {
  await rouse.stop();
});

type Run = { readonly out: string; readonly err: string; readonly exitCode: number | null };

/** @param interruptAfter a text on stdout, at which Ctrl-C is pressed */
async function run(args: readonly string[], input = "", interruptAfter?: string): Promise<Run> {
  const { FORCE_COLOR: _, ...env } = process.env;
  const child = spawn(
    process.execPath,
    [join(PACKAGE_ROOT, "bin/rouse.js"), ...args, ...(args.includes("--state") ? [] : ["--state", rouse.stateDir])],
    { env, cwd: PACKAGE_ROOT },
  );
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
    if (interruptAfter !== undefined && out.includes(interruptAfter) && !child.killed) child.kill("SIGINT");
  });
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk.toString();
  });
  child.stdin.end(input);
  const [exitCode] = (await once(child, "close")) as [number | null];
  expect(out + err).not.toContain(ESCAPE);
  return { out, err, exitCode };
}

const url = (host: string) => `http://${host}:${rouse.port}`;
const body = async (host: string) => (await rouse.request(host, "/")).body;

describe("the rouse command", () => {
  it("creates a service, waits until it is ready, and says where it is", async () => {
    const { out, err, exitCode } = await run(["service", "create", "hello", ...PROCESS, "--env", "A=1"]);
    expect([exitCode, err]).toEqual([0, ""]);
    expect(out).toMatch(/^Creating service 'hello' in namespace 'default':\n\n/);
    expect(out).toMatch(/^ {2}\d\.\d{3}s Ready to serve\.$/m);
    expect(out).toMatch(
      new RegExp(
        `\\nService 'hello' created to latest revision 'hello-00001' is available at URL:\\n${url("hello.default.localhost")}\\n$`,
      ),
    );
    expect(await body("hello.default.localhost")).toBe("hello from hello-00001");
  });

  it("refuses to create it again, and a name that is none", async () => {
    expect(await run(["service", "create", "hello", ...PROCESS])).toMatchObject({
      out: "",
      err: expect.stringContaining("because the service already exists and no --force option was given"),
      exitCode: 1,
    });
    expect((await run(["service", "create", "No_Name", ...PROCESS])).exitCode).toBe(2);
  });

  it("changes it: a new revision, and nothing where nothing changes", async () => {
    const { out, exitCode } = await run(["service", "update", "hello", "--env", "A=2", "--env", "B=3"]);
    expect(exitCode).toBe(0);
    expect(out).toContain("Service 'hello' updated to latest revision 'hello-00002' is available at URL:");
    const again = await run(["service", "update", "hello", "--env", "A=2"]);
    expect([again.exitCode, again.out]).toEqual([
      0,
      expect.stringMatching(/^No changes to apply to service 'hello'\./),
    ]);
  });

  it("splits traffic between tagged revisions, each with a URL of its own", async () => {
    const tags = ["--tag", "hello-00001=old,@latest=new", "--traffic", "old=100"];
    expect((await run(["service", "update", "hello", ...tags])).exitCode).toBe(0);
    expect(await body("hello.default.localhost")).toBe("hello from hello-00001");
    expect(await body("new-hello.default.localhost")).toBe("hello from hello-00002");
    const split = await run(["service", "update", "hello", "--traffic", "old=50"]);
    expect(split.exitCode).toBe(0);
    const { out } = await run(["revision", "list", "-s", "hello"]);
    expect(out).toMatch(/^NAME +SERVICE +TRAFFIC +TAGS +GENERATION +AGE +CONDITIONS +READY +REASON$/m);
    expect(out).toMatch(/^hello-00001 +hello +50% +old +1 +\w+ +\d OK \/ 4 +True$/m);
    expect(out).toMatch(/^hello-00002 +hello +50% +new +2 +\w+ +\d OK \/ 4 +True$/m);
    expect((await run(["route", "describe", "hello"])).out).toContain(url("old-hello.default.localhost"));
  });

  it("lists and describes it for people and for programs", async () => {
    const out = async (...args: string[]) => {
      const result = await run(args);
      expect([result.exitCode, result.err]).toEqual([0, ""]);
      return result.out;
    };
    expect(await out("service", "list")).toMatch(
      /^NAME +URL +STATE +PODS +LATEST +AGE +CONDITIONS +READY +REASON\nhello +http.* hello-00002 .* 3 OK \/ 3 +True\n$/,
    );
    expect(await out("service", "list", "-A", "-o", "wide", "--no-headers")).toMatch(
      /^default +hello .*rouse\.dev\/process\/hello\n$/,
    );
    const json = JSON.parse(await out("service", "describe", "hello", "-o", "json")) as { metadata: { uid: string } };
    expect(parse(await out("service", "describe", "hello", "-o", "yaml"))).toMatchObject({
      metadata: { uid: json.metadata.uid },
    });
    expect(JSON.parse(await out("service", "list", "-o", "json"))).toMatchObject({
      items: [{ metadata: json.metadata }],
    });
    expect(await out("service", "describe", "hello", "-o", "url")).toBe(`${url("hello.default.localhost")}\n`);
    expect(await out("service", "list", "-o", "name")).toBe("service.serving.knative.dev/hello\n");
    expect(await out("service", "describe", "hello")).toMatch(/ 50% {2}@latest \(hello-00002\) #new \[2\]/);
    expect(await out("revision", "describe", "hello-00002")).toMatch(/^Env: +A=2, B=3$/m);
    expect(await out("agent", "list")).toMatch(/^NAME +CONNECTION .*\n\S+ +Connected +process/);
  });

  it("exports it and applies the export", async () => {
    const exported = (await run(["service", "export", "hello"])).out;
    expect(Object.keys(parse(exported) as object)).toEqual(["apiVersion", "kind", "metadata", "spec"]);
    const copy = exported.replace("name: hello\n", "name: copy\n");
    expect(await run(["service", "apply", "-f", "-"], copy)).toMatchObject({
      out: expect.stringContaining("Service 'copy' created to latest revision 'copy-00001' is available at URL:"),
      exitCode: 0,
    });
    expect(await body("copy.default.localhost")).toBe("hello from copy-00001");
    expect((await run(["service", "apply", "-f", "-"], copy)).out).toContain("No changes to apply to service 'copy'.");
  });

  it("gives it a domain, and takes it away", async () => {
    const name = "hello.example.org";
    const created = await run(["domain", "create", name, "--ref", "hello"]);
    expect([created.exitCode, created.out]).toEqual([0, `Domain mapping '${name}' created in namespace 'default'.\n`]);
    await until("the domain to be ready", async () => {
      const { out } = await run(["domain", "list"]);
      return /^hello\.example\.org .* True +hello$/m.test(out) ? true : null;
    });
    expect(await body(name)).toMatch(/^hello from hello-0000[12]$/);
    expect((await run(["domain", "delete", name])).exitCode).toBe(0);
    expect((await run(["domain", "describe", name])).exitCode).toBe(1);
  });

  it("says why a service fails, with exit code 4 and the way to its log", async () => {
    const { err, exitCode } = await run([
      "service",
      "create",
      "broken",
      "--driver",
      "process",
      "--cmd",
      "/no/such/program",
    ]);
    expect(exitCode).toBe(4);
    expect(err).toMatch(/^error: service 'broken' failed: RevisionFailed: .*\/no\/such\/program/);
    expect(err).toContain("rouse service describe broken");
    expect((await run(["service", "describe", "broken"])).out).toMatch(/\nReasons:\n {2}.*\/no\/such\/program/);
  });

  it("stops waiting at Ctrl-C and says that the service goes on", async () => {
    const slow = ["--driver", "process", "--cmd", "sleep", "--arg", "60"];
    const { err, exitCode } = await run(["service", "create", "slow", ...slow], "", "Creating service");
    expect([exitCode, err]).toEqual([130, expect.stringContaining("error: stopped waiting for service 'slow'")]);
    expect((await run(["service", "create", "late", ...slow, "--wait-timeout", "1"])).exitCode).toBe(4);
  });

  it("tells a slip by its name", async () => {
    expect(await run(["service", "describe", "helo"])).toMatchObject({
      out: "",
      err: expect.stringMatching(/^error: service 'helo' not found in namespace 'default'\n {2}Did you mean 'hello'\?/),
      exitCode: 1,
    });
    expect(await run(["service", "update", "hello", "--evn", "A=1"])).toMatchObject({
      err: expect.stringContaining("unknown option '--evn'"),
      exitCode: 2,
    });
    expect((await run(["service", "list", "--edge", "http://127.0.0.1:1"])).exitCode).toBe(3);
    expect((await run(["service", "list", "--state", join(rouse.stateDir, "none")])).exitCode).toBe(3);
  });

  it("deletes services and waits until they are gone", async () => {
    const names = ["hello", "copy", "broken", "slow", "late"];
    const { out, exitCode } = await run(["service", "delete", ...names, "--wait"]);
    expect([exitCode, out.trimEnd().split("\n")]).toEqual([
      0,
      names.map((name) => `Service '${name}' successfully deleted in namespace 'default'.`),
    ]);
    expect(await run(["service", "list"])).toEqual({ out: "", err: "No services found.\n", exitCode: 0 });
  });
});
