import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { KubeObject } from "../../src/core/resource/object.ts";
import { type FakeApi, startFakeApi } from "./fake-api.ts";
import { runCli } from "./run-cli.ts";

const SERVICES = "/apis/serving.knative.dev/v1/namespaces/default/services";
const REVISIONS = "/apis/serving.knative.dev/v1/namespaces/default/revisions";

let api: FakeApi;
let folder: string;
beforeEach(async () => {
  api = await startFakeApi();
  api.reconcile = ready;
  folder = mkdtempSync(join(tmpdir(), "rouse-cli-"));
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await api[Symbol.asyncDispose]();
});

/** As if the control plane had done its work within the write. */
function ready(object: KubeObject): KubeObject {
  if (object.kind !== "Service") return object;
  const { name, generation } = object.metadata;
  const revision = `${name}-0000${generation}`;
  const status = {
    observedGeneration: generation,
    conditions: [{ type: "Ready", status: "True" }],
    url: `http://${name}.default.example.com`,
    latestCreatedRevisionName: revision,
    latestReadyRevisionName: revision,
  };
  return { ...object, status };
}

function failed(object: KubeObject): KubeObject {
  const conditions = [{ type: "Ready", status: "False", reason: "RevisionFailed", message: "it broke:\nlast output" }];
  return { ...object, status: { observedGeneration: object.metadata.generation, conditions } };
}

const rouse = (...args: readonly string[]) => runCli(args, api.url);
const create = (name = "hello", ...args: readonly string[]) =>
  rouse("service", "create", name, "--image", "a/b", ...args);
const stored = (name = "hello") => api.objects.get(`${SERVICES}/${name}`);

function addRevision(name: string): void {
  const labels = { "serving.knative.dev/service": "hello", "serving.knative.dev/configurationGeneration": "1" };
  api.put(`${REVISIONS}/${name}`, {
    apiVersion: "serving.knative.dev/v1",
    kind: "Revision",
    metadata: {
      name,
      namespace: "default",
      uid: "u",
      generation: 1,
      resourceVersion: "",
      creationTimestamp: "",
      labels,
    },
    spec: { containers: [{ image: "a/b" }] },
  });
}

describe("service create", () => {
  it("tells in kn's words what it does and where the service is", async () => {
    const { out, err, exitCode } = await create();
    expect([err, exitCode]).toEqual(["", 0]);
    expect(out.replace(/\d\.\d{3}s/, "0.000s").split("\n")).toEqual([
      "Creating service 'hello' in namespace 'default':",
      "",
      "  0.000s Ready to serve.",
      "",
      "Service 'hello' created to latest revision 'hello-00001' is available at URL:",
      expect.stringContaining("http://hello.default.example.com"),
    ]);
  });

  it("does not wait with --no-wait", async () => {
    api.reconcile = failed;
    expect(await create("hello", "--no-wait")).toEqual({
      out: "Service 'hello' created in namespace 'default'.",
      err: "",
      exitCode: 0,
    });
  });

  it("prints nothing but what was asked for with -o", async () => {
    const { out, err } = await create("hello", "-o", "json");
    expect(JSON.parse(out)).toMatchObject({ kind: "Service", metadata: { name: "hello" } });
    expect(err).toContain("Creating service 'hello'");
    expect((await create("other", "-o", "name", "--no-wait")).out).toBe("service.serving.knative.dev/other");
  });

  it("of one that is there is refused, and replaces it with --force", async () => {
    await create("hello", "--env", "A=1");
    expect(await create()).toMatchObject({
      err: expect.stringContaining(
        "cannot create service 'hello' in namespace 'default' because the service already exists and no --force option was given",
      ),
      exitCode: 1,
    });
    const { out, exitCode } = await create("hello", "--force", "--env", "B=2");
    expect(exitCode).toBe(0);
    expect(out).toContain("Replacing service 'hello' in namespace 'default':");
    expect(out).toContain("Service 'hello' replaced to latest revision 'hello-00002' is available at URL:");
    expect(JSON.stringify(stored()?.spec)).toContain('"env":[{"name":"B","value":"2"}]');
    expect(stored()?.metadata.annotations).toMatchObject({ "serving.knative.dev/creator": "ann" });
  });

  it("takes a file, and what the options say beside it", async () => {
    const path = join(folder, "hello.yaml");
    writeFileSync(
      path,
      "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: hello}\nspec: {template: {spec: {containers: [{image: a/b}]}}}\n",
    );
    expect((await rouse("service", "create", "-f", path, "--env", "A=1")).exitCode).toBe(0);
    expect(stored()?.spec).toMatchObject({
      template: { spec: { containers: [{ image: "a/b", env: [{ name: "A", value: "1" }] }] } },
    });
    expect(await rouse("service", "create", "other", "-f", path)).toMatchObject({
      err: expect.stringContaining("provided service name 'other' doesn't match name from file 'hello'"),
      exitCode: 2,
    });
  });

  it("needs an image, except for a process, where it is a label", async () => {
    expect(await rouse("service", "create", "hello")).toMatchObject({
      err: expect.stringContaining("requires the image name to run provided with the --image option"),
      exitCode: 2,
    });
    await rouse("service", "create", "hello", "--driver", "process", "--cmd", "node");
    expect(stored()?.spec).toMatchObject({
      template: {
        metadata: { annotations: { "rouse.dev/driver": "process" } },
        spec: { containers: [{ image: "rouse.dev/process/hello", command: ["node"] }] },
      },
    });
  });

  it("that fails ends with reason, message, remedy and exit code 4", async () => {
    api.reconcile = failed;
    const { out, err, exitCode } = await create("hello", "--wait-window", "0");
    expect(exitCode).toBe(4);
    expect(out).toMatch(/s it broke:$/);
    expect(err).toBe(
      "service 'hello' failed: RevisionFailed: it broke:\nlast output\nIts pods and where their logs are: rouse service describe hello",
    );
  });

  it("of a bad name says what is wrong with it", async () => {
    expect(await create("UPPER")).toMatchObject({ err: expect.stringContaining("not a DNS 1035 label"), exitCode: 1 });
  });
});

describe("service update", () => {
  beforeEach(async () => {
    await create("hello", "--env", "A=1");
  });

  it("changes what the options say and keeps the rest", async () => {
    const { out, exitCode } = await rouse("service", "update", "hello", "--env", "B=2", "--scale-max", "3");
    expect(exitCode).toBe(0);
    expect(out).toContain("Updating Service 'hello' in namespace 'default':");
    expect(out).toContain("Service 'hello' updated to latest revision 'hello-00002' is available at URL:");
    expect(JSON.stringify(stored()?.spec)).toContain('[{"name":"A","value":"1"},{"name":"B","value":"2"}]');
  });

  it("of nothing writes nothing", async () => {
    const before = stored();
    const { out, exitCode } = await rouse("service", "update", "hello", "--env", "A=1");
    expect(exitCode).toBe(0);
    expect(out).toContain("No changes to apply to service 'hello'.");
    expect(out).toContain("Service 'hello' with latest revision 'hello-00001' (unchanged) is available at URL:");
    expect(stored()).toEqual(before);
  });

  it("is done again when somebody else was faster, and not for ever", async () => {
    const meddle = (times: number) => {
      let left = times;
      api.beforeWrite = (path) => {
        const object = stored();
        if (left-- > 0 && object !== undefined)
          api.put(path, { ...object, metadata: { ...object.metadata, labels: { team: "blue" } } });
      };
    };
    meddle(2);
    expect((await rouse("service", "update", "hello", "--env", "B=2")).exitCode).toBe(0);
    expect(stored()?.metadata.labels).toEqual({ team: "blue" });
    meddle(10);
    expect(await rouse("service", "update", "hello", "--env", "C=3")).toMatchObject({
      err: expect.stringContaining("the object has been modified"),
      exitCode: 1,
    });
  });

  it("splits traffic and tags revisions", async () => {
    addRevision("hello-00001");
    const args = ["--tag", "hello-00001=old", "--traffic", "old=20,@latest=80"];
    expect((await rouse("service", "update", "hello", ...args)).exitCode).toBe(0);
    expect(stored()?.spec).toMatchObject({
      traffic: [
        { latestRevision: true, percent: 80 },
        { revisionName: "hello-00001", latestRevision: false, percent: 20, tag: "old" },
      ],
    });
  });

  it("of a revision that is not there names the nearest", async () => {
    addRevision("hello-00001");
    const { err, exitCode } = await rouse("service", "update", "hello", "--traffic", "helo-00001=100");
    expect([exitCode, err]).toEqual([
      2,
      "service 'hello' has no revision and no tag 'helo-00001'\nDid you mean 'hello-00001'? All of them: rouse revision list -s hello",
    ]);
  });

  it("may name the revision that it makes", async () => {
    addRevision("hello-00001");
    const args = ["--env", "B=2", "--revision-name", "hello-two", "--traffic", "hello-two=50,hello-00001=50"];
    expect((await rouse("service", "update", "hello", ...args)).exitCode).toBe(0);
  });
});

describe("service apply", () => {
  const apply = (...args: readonly string[]) => rouse("service", "apply", "hello", "--image", "a/b", ...args);

  it("creates, changes, and says when there is nothing to do", async () => {
    expect((await apply("--env", "A=1")).out).toContain("Creating service 'hello' in namespace 'default':");
    expect((await apply("--env", "A=2")).out).toContain("Service 'hello' applied to latest revision 'hello-00002'");
    expect((await apply("--env", "A=2")).out).toContain("No changes to apply to service 'hello'.");
    await apply();
    expect(JSON.stringify(stored()?.spec)).not.toContain('"env"');
  });
});

describe("service wait", () => {
  it("ends when the service is ready, or says why it is not", async () => {
    await create();
    expect((await rouse("service", "wait", "hello")).out).toBe("Service 'hello' in namespace 'default' is ready.");
    expect(await rouse("service", "wait", "nobody")).toMatchObject({ exitCode: 1 });
    api.reconcile = failed;
    await create("broken", "--no-wait");
    expect(await rouse("service", "wait", "broken", "--wait-window", "0")).toMatchObject({ exitCode: 4 });
  });
});

describe("service list", () => {
  it("is a table, in which who is asleep can be seen", async () => {
    await create();
    expect((await rouse("service", "list")).out).toMatch(
      /^NAME +URL +STATE +PODS +LATEST +AGE +CONDITIONS +READY +REASON\nhello +http:.* Asleep +0\/0 +hello-00001 .* 1 OK \/ 1 +True$/,
    );
    expect((await rouse("service", "list", "--no-headers")).out).toMatch(/^hello /);
    expect((await rouse("service", "list", "none")).err).toBe("No services found.");
  });

  it("is what a program asks for", async () => {
    await create();
    await create("other");
    const list = async (format: string) => (await rouse("service", "list", "-o", format)).out;
    expect(JSON.parse(await list("json"))).toMatchObject({ items: [{ kind: "Service" }, { kind: "Service" }] });
    expect(parse(await list("yaml"))).toEqual(JSON.parse(await list("json")));
    expect(await list("name")).toBe("service.serving.knative.dev/hello\nservice.serving.knative.dev/other");
    expect((await list("url")).split("\n")).toHaveLength(2);
    expect(await list("wide")).toMatch(/REASON +IMAGE +MESSAGE\n.* a\/b$/m);
  });
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
    await create();
    addRevision("hello-00001");
    const { out, err, exitCode } = await rouse(...args);
    expect([out, exitCode]).toEqual(["", 1]);
    expect(err).toContain(message);
    expect(err).toContain(remedy);
  });
});

describe("service delete", () => {
  it("goes on after a name that is not there, and says so at the end", async () => {
    await create();
    await create("other");
    const { out, err, exitCode } = await rouse("service", "delete", "hello", "nobody", "other");
    expect(out).toBe(
      "Service 'hello' successfully deleted in namespace 'default'.\nService 'other' successfully deleted in namespace 'default'.",
    );
    expect([exitCode, err]).toEqual([1, expect.stringContaining("service 'nobody' not found")]);
    expect(api.objects.size).toBe(0);
  });

  it("deletes all of a namespace, and waits where it is asked to", async () => {
    await create();
    const { out, exitCode } = await rouse("service", "delete", "--all", "--wait");
    expect([exitCode, out]).toEqual([0, "Service 'hello' successfully deleted in namespace 'default'."]);
    expect((await rouse("service", "delete", "--all")).err).toBe("No services found.");
    expect((await rouse("service", "delete")).exitCode).toBe(2);
  });
});

describe("service export", () => {
  it("prints what makes the service again", async () => {
    await create("hello", "--env", "A=1");
    const { out } = await rouse("service", "export", "hello");
    const path = join(folder, "hello.yaml");
    writeFileSync(path, out);
    await rouse("service", "delete", "hello");
    expect((await rouse("apply", "-f", path)).out).toBe("service/hello created");
    expect(JSON.stringify(stored()?.spec)).toContain('"env":[{"name":"A","value":"1"}]');
  });
});

describe("domain", () => {
  it("is created, moved, listed and deleted", async () => {
    await create();
    await create("other");
    const name = "a.example.org";
    expect((await rouse("domain", "create", name, "--ref", "hello")).out).toBe(
      "Domain mapping 'a.example.org' created in namespace 'default'.",
    );
    expect((await rouse("domain", "list")).out).toMatch(/^NAME +URL +READY +KSVC\na.example.org +Unknown +hello$/);
    expect((await rouse("domain", "update", name, "--ref", "ksvc:other")).out).toContain("updated in namespace");
    expect((await rouse("domain", "describe", name)).out).toMatch(/^Service: +other$/m);
    expect((await rouse("domain", "delete", name)).out).toBe(
      "Domain mapping 'a.example.org' deleted in namespace 'default'.",
    );
    expect(await rouse("domain", "create", name, "--ref", "x:y")).toMatchObject({ exitCode: 2 });
  });
});

describe("a wrong command line", () => {
  it.each([
    [["service", "update", "hello", "--evn", "A=1"], "unknown option '--evn'\n(Did you mean --env?)"],
    [["service", "lst"], "unknown command 'lst'\n(Did you mean one of list, ls?)"],
    [["service", "update", "hello", "--scale-max", "many"], "argument 'many' is invalid"],
    [["service", "update", "hello", "--scale-utilization", "0"], "A percentage from 1 to 100 is expected."],
    [["service", "list", "-o", "xml"], "Allowed choices are json, yaml, name, url, wide."],
    [["service", "describe"], "missing required argument 'name'"],
    [["domain", "create", "a.example.org"], "required option '--ref <target>' not specified"],
  ])("%j is told by its name, with exit code 2 and without a request", async (args, message) => {
    const { out, err, exitCode } = await rouse(...args);
    expect([out, exitCode]).toEqual(["", 2]);
    expect(err).toContain(message);
    expect(api.requests).toEqual([]);
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
  it.each([
    ["nobody listens", "http://127.0.0.1:1", "no answer from the edge at http://127.0.0.1:1"],
    ["its URL is none", "nonsense", "no answer from the edge at nonsense"],
  ])("because %s is told, with exit code 3", async (_, edge, message) => {
    const { err, exitCode } = await runCli(["service", "list"], edge);
    expect([exitCode, err]).toEqual([3, expect.stringContaining(message)]);
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
