import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { kubeconfigText, localApiUrl } from "../../src/cli/up/kubeconfig.ts";
import { type ApiUnderTest, startApi } from "./api-under-test.ts";
import { runCli } from "./run-cli.ts";

let api: ApiUnderTest;
let folder: string;
beforeEach(async () => {
  api = await startApi();
  folder = mkdtempSync(join(tmpdir(), "rouse-cli-"));
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await api[Symbol.asyncDispose]();
});

describe("an object that is not there", () => {
  it.each([
    [["service", "describe", "helo"], "service 'helo' not found in namespace 'default'", "Did you mean 'hello'?"],
    [["service", "update", "hlelo", "--env", "A=1"], "service 'hlelo' not found", "Did you mean 'hello'?"],
    [["service", "delete", "xyz"], "service 'xyz' not found", "All of them: rouse service list -n default"],
    [["service", "export", "hello1"], "service 'hello1' not found", "Did you mean 'hello'?"],
    [["revision", "describe", "hello"], "revision 'hello' not found", "Did you mean 'hello-00001'?"],
    [["route", "describe", "hello"], "route 'hello' not found", "rouse route list"],
    [["domain", "delete", "a.example.org"], "domain mapping 'a.example.org' not found", "rouse domain list"],
    [["domain", "create", "a.example.org", "--ref", "helo"], "service 'helo' not found", "Did you mean 'hello'?"],
    [["agent", "describe", "x"], "agent 'x' not found", "rouse agent list"],
  ])("%j says so, and what may have been meant", async (args, message, remedy) => {
    await api.create();
    api.addRevision("hello-00001");
    const { out, err, exitCode } = await api.rouse(...args);
    expect([out, exitCode]).toEqual(["", 1]);
    expect(err).toContain(message);
    expect(err).toContain(remedy);
  });
});

describe("service delete", () => {
  it("goes on after a name that is not there, and says so at the end", async () => {
    await api.create();
    await api.create("other");
    const { out, err, exitCode } = await api.rouse("service", "delete", "hello", "nobody", "other");
    expect(out).toBe(
      "Service 'hello' successfully deleted in namespace 'default'.\nService 'other' successfully deleted in namespace 'default'.",
    );
    expect([exitCode, err]).toEqual([1, expect.stringContaining("service 'nobody' not found")]);
    expect(api.fake.objects.size).toBe(0);
  });

  it("deletes all of a namespace, and waits where it is asked to", async () => {
    await api.create();
    const { out, exitCode } = await api.rouse("service", "delete", "--all", "--wait");
    expect([exitCode, out]).toEqual([0, "Service 'hello' successfully deleted in namespace 'default'."]);
    expect((await api.rouse("service", "delete", "--all")).err).toBe("No services found.");
    expect((await api.rouse("service", "delete")).exitCode).toBe(2);
  });
});

describe("a name that is empty, as of a variable that is not set", () => {
  it.each(["", ".", ".."])("%j deletes nothing, least of all everything", async (name) => {
    await api.create("hello");
    expect(await api.rouse("service", "delete", name)).toMatchObject({ exitCode: 2 });
    expect((await api.rouse("service", "list", "-o", "name")).out).toBe("service.serving.knative.dev/hello");
  });

  it("is no namespace either", async () => {
    expect(await api.rouse("service", "list", "-n", "")).toMatchObject({ exitCode: 2 });
  });
});

describe("service export", () => {
  it("prints what makes the service again", async () => {
    await api.create("hello", "--env", "A=1");
    const { out } = await api.rouse("service", "export", "hello");
    const path = join(folder, "hello.yaml");
    writeFileSync(path, out);
    await api.rouse("service", "delete", "hello");
    expect((await api.rouse("apply", "-f", path)).out).toBe("service/hello created");
    expect(JSON.stringify(api.stored()?.spec)).toContain('"env":[{"name":"A","value":"1"}]');
  });
});

describe("domain", () => {
  it("is created, moved, listed and deleted", async () => {
    await api.create();
    await api.create("other");
    const name = "a.example.org";
    expect((await api.rouse("domain", "create", name, "--ref", "hello")).out).toBe(
      "Domain mapping 'a.example.org' created in namespace 'default'.",
    );
    expect(await api.rouse("domain", "create", name, "--ref", "other")).toMatchObject({
      err: expect.stringMatching(/already exists\nLet it lead .*: rouse domain update a.example.org --ref other$/),
      exitCode: 1,
    });
    expect((await api.rouse("domain", "list")).out).toMatch(/^NAME +URL +READY +KSVC\na.example.org +Unknown +hello$/);
    expect((await api.rouse("domain", "update", name, "--ref", "ksvc:other")).out).toContain("updated in namespace");
    expect((await api.rouse("domain", "describe", name)).out).toMatch(/^Service: +other$/m);
    expect((await api.rouse("domain", "delete", name)).out).toBe(
      "Domain mapping 'a.example.org' deleted in namespace 'default'.",
    );
    expect(await api.rouse("domain", "create", name, "--ref", "x:y")).toMatchObject({ exitCode: 2 });
  });
});

describe("a wrong command line", () => {
  it.each([
    [["service", "update", "hello", "--evn", "A=1"], "unknown option '--evn'\n(Did you mean --env?)"],
    [["service", "lst"], "unknown command 'lst'\n(Did you mean one of list, ls?)"],
    [["service", "update", "hello", "--scale-max", "many"], "argument 'many' is invalid"],
    [["service", "update", "hello", "--scale-utilization", "0"], "A percentage from 1 to 100 is expected."],
    [
      ["service", "create", "x", "--driver", "docker"],
      "This version has no docker driver. Allowed choices are process, auto.",
    ],
    [["service", "create", "x", "--driver", "dokcer"], "is invalid. Allowed choices are process, auto."],
    [["up", "--driver", "docker"], "This version has no docker driver."],
    [["agent", "--drivers", "process,docker"], "This version has no docker driver. Allowed choices are process."],
    [["service", "list", "-o", "xml"], "Allowed choices are json, yaml, name, url, wide."],
    [["service", "describe"], "missing required argument 'name'"],
    [["domain", "create", "a.example.org"], "required option '--ref <target>' not specified"],
  ])("%j is told by its name, with exit code 2 and without a request", async (args, message) => {
    const { out, err, exitCode } = await api.rouse(...args);
    expect([out, exitCode]).toEqual(["", 2]);
    expect(err).toContain(message);
    expect(api.fake.requests).toEqual([]);
  });

  it("of `agent` without an edge says that it needs one", async () => {
    expect(await runCli(["agent"])).toMatchObject({ err: expect.stringContaining("--edge <url>"), exitCode: 2 });
  });
});

describe("something that is no edge", () => {
  it("is told from one by what it answers", async () => {
    await using page = await startPage();
    expect(await runCli(["service", "list"], page.url)).toMatchObject({
      err: expect.stringContaining("did not answer as an edge of Rouse does"),
      exitCode: 1,
    });
  });
});

describe("an edge that does not answer", () => {
  it("because nobody listens is told, with exit code 3", async () => {
    const { err, exitCode } = await runCli(["service", "list"], "http://127.0.0.1:1");
    expect([exitCode, err]).toEqual([3, expect.stringContaining("no answer from the edge at http://127.0.0.1:1")]);
  });

  it("because there is no state folder is told, with exit code 3", async () => {
    expect(await runCli(["service", "list", "--state", join(folder, "none")])).toMatchObject({
      err: expect.stringContaining(`cannot read ${join(folder, "none", "kubeconfig")}`),
      exitCode: 3,
    });
  });

  it.each([
    ["127.0.0.1:8450", "It needs http:// or https:// in front: http://127.0.0.1:8450"],
    ["localhost:8450", "It needs http:// or https:// in front: http://localhost:8450"],
    ["rouse.example.com", "It needs http:// or https:// in front: https://rouse.example.com"],
    ["ftp://127.0.0.1", "A URL is expected, such as http://127.0.0.1:8080."],
    ["", "A URL is expected, such as http://127.0.0.1:8080."],
  ])("because %j is no URL is a wrong command line", async (edge, message) => {
    for (const args of [["service", "list"], ["agent"]]) {
      expect(await runCli(args, edge)).toMatchObject({ err: expect.stringContaining(message), exitCode: 2 });
    }
  });
});

describe("the environment", () => {
  afterEach(() => vi.unstubAllEnvs());

  it("names the edge where no option does", async () => {
    await api.create();
    vi.stubEnv("ROUSE_EDGE", api.fake.url);
    expect((await runCli(["service", "list", "-o", "name"])).out).toBe("service.serving.knative.dev/hello");
    vi.stubEnv("ROUSE_EDGE", "127.0.0.1:8450");
    expect(await runCli(["service", "list"])).toMatchObject({
      err: expect.stringContaining("from env 'ROUSE_EDGE' is invalid. It needs http://"),
      exitCode: 2,
    });
  });

  it("names the state folder where no option does", async () => {
    await api.create();
    writeFileSync(join(folder, "kubeconfig"), kubeconfigText(localApiUrl(api.fake.url, "t")));
    vi.stubEnv("ROUSE_STATE", folder);
    expect((await runCli(["service", "list", "-o", "name"])).out).toBe("service.serving.knative.dev/hello");
  });
});

/** A web server that has nothing to do with Rouse. */
async function startPage(): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((_, response) => void response.end("<html></html>"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: async () => void server.close() };
}
