import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
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

describe("service create", () => {
  it("tells in kn's words what it does and where the service is", async () => {
    const { out, err, exitCode } = await api.create();
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
    api.breakServices();
    expect(await api.create("hello", "--no-wait")).toEqual({
      out: "Service 'hello' created in namespace 'default'.",
      err: "",
      exitCode: 0,
    });
  });

  it("prints nothing but what was asked for with -o", async () => {
    const { out, err } = await api.create("hello", "-o", "json");
    expect(JSON.parse(out)).toMatchObject({ kind: "Service", metadata: { name: "hello" } });
    expect(err).toContain("Creating service 'hello'");
    expect((await api.create("other", "-o", "name", "--no-wait")).out).toBe("service.serving.knative.dev/other");
  });

  it("of one that is there is refused, and replaces it with --force", async () => {
    await api.create("hello", "--env", "A=1");
    expect(await api.create()).toMatchObject({
      err: expect.stringContaining(
        "cannot create service 'hello' in namespace 'default' because the service already exists and no --force option was given",
      ),
      exitCode: 1,
    });
    const { out, exitCode } = await api.create("hello", "--force", "--env", "B=2");
    expect(exitCode).toBe(0);
    expect(out).toContain("Replacing service 'hello' in namespace 'default':");
    expect(out).toContain("Service 'hello' replaced to latest revision 'hello-00002' is available at URL:");
    expect(JSON.stringify(api.stored()?.spec)).toContain('"env":[{"name":"B","value":"2"}]');
    expect(api.stored()?.metadata.annotations).toMatchObject({ "serving.knative.dev/creator": "ann" });
  });

  it("takes a file, and what the options say beside it", async () => {
    const path = join(folder, "hello.yaml");
    writeFileSync(
      path,
      "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: hello}\nspec: {template: {spec: {containers: [{image: a/b}]}}}\n",
    );
    expect((await api.rouse("service", "create", "-f", path, "--env", "A=1")).exitCode).toBe(0);
    expect(api.stored()?.spec).toMatchObject({
      template: { spec: { containers: [{ image: "a/b", env: [{ name: "A", value: "1" }] }] } },
    });
    expect(await api.rouse("service", "create", "other", "-f", path)).toMatchObject({
      err: expect.stringContaining("provided service name 'other' doesn't match name from file 'hello'"),
      exitCode: 2,
    });
  });

  it("needs an image, except for a process, where it is a label", async () => {
    expect(await api.rouse("service", "create", "hello")).toMatchObject({
      err: expect.stringContaining("requires the image name to run provided with the --image option"),
      exitCode: 2,
    });
    await api.rouse("service", "create", "hello", "--driver", "process", "--cmd", "node");
    expect(api.stored()?.spec).toMatchObject({
      template: {
        metadata: { annotations: { "rouse.dev/driver": "process" } },
        spec: { containers: [{ image: "rouse.dev/process/hello", command: ["node"] }] },
      },
    });
  });

  // A Ctrl-C right after the first line killed the process once: nobody listened for it yet.
  it("can be interrupted from its first line on", async () => {
    const before = process.listenerCount("SIGINT");
    const listening = new Map<string, number>();
    const onLine = (line: string) => void listening.set(line, process.listenerCount("SIGINT") - before);
    await runCli(["service", "create", "hello", "--image", "a/b"], api.fake.url, onLine);
    await runCli(["service", "update", "hello"], api.fake.url, onLine);
    expect(listening.get("Creating service 'hello' in namespace 'default':\n")).toBe(1);
    expect(listening.get("No changes to apply to service 'hello'.")).toBe(2);
  });

  it("that fails ends with reason, message, remedy and exit code 4", async () => {
    api.breakServices();
    const { out, err, exitCode } = await api.create("hello", "--wait-window", "0");
    expect(exitCode).toBe(4);
    expect(out).toMatch(/s it broke$/);
    expect(err).toBe(
      "service 'hello' failed: RevisionFailed: it broke:\nlast output\nIts pods and where their logs are: rouse service describe hello",
    );
  });

  it("of a bad name says what is wrong with it", async () => {
    expect(await api.rouse("service", "create", "Greet_X")).toMatchObject({
      err: expect.stringContaining("'Greet_X' cannot be the name of a service: a DNS-1035 label must"),
      exitCode: 2,
    });
    expect(api.fake.requests).toEqual([]);
  });
});

describe("service update", () => {
  beforeEach(async () => {
    await api.create("hello", "--env", "A=1");
  });

  it("changes what the options say and keeps the rest", async () => {
    const { out, exitCode } = await api.rouse("service", "update", "hello", "--env", "B=2", "--scale-max", "3");
    expect(exitCode).toBe(0);
    expect(out).toContain("Updating Service 'hello' in namespace 'default':");
    expect(out).toContain("Service 'hello' updated to latest revision 'hello-00002' is available at URL:");
    expect(JSON.stringify(api.stored()?.spec)).toContain('[{"name":"A","value":"1"},{"name":"B","value":"2"}]');
  });

  it("of nothing writes nothing", async () => {
    const before = api.stored();
    const { out, exitCode } = await api.rouse("service", "update", "hello", "--env", "A=1");
    expect(exitCode).toBe(0);
    expect(out).toContain("No changes to apply to service 'hello'.");
    expect(out).toContain("Service 'hello' with latest revision 'hello-00001' (unchanged) is available at URL:");
    expect(api.stored()).toEqual(before);
  });

  it("of nothing says so where the service is not ready, and why", async () => {
    api.breakServices();
    await api.rouse("service", "update", "hello", "--env", "B=2", "--no-wait");
    const again = (...args: readonly string[]) => api.rouse("service", "update", "hello", "--env", "B=2", ...args);
    const waited = await again("--wait-window", "0");
    expect(waited).toMatchObject({
      out: "No changes to apply to service 'hello'.",
      err: expect.stringContaining("service 'hello' failed: RevisionFailed: it broke"),
      exitCode: 4,
    });
    const { out, exitCode } = await again("--no-wait");
    expect([exitCode, out]).toEqual([0, expect.stringContaining("'hello' is not ready: RevisionFailed: it broke")]);
  });

  it("is done again when somebody else was faster, and not for ever", async () => {
    const meddle = (times: number) => {
      let left = times;
      api.fake.beforeWrite = (path) => {
        const object = api.stored();
        if (left-- > 0 && object !== undefined)
          api.fake.put(path, { ...object, metadata: { ...object.metadata, labels: { team: "blue" } } });
      };
    };
    meddle(2);
    expect((await api.rouse("service", "update", "hello", "--env", "B=2")).exitCode).toBe(0);
    expect(api.stored()?.metadata.labels).toEqual({ team: "blue" });
    meddle(10);
    expect(await api.rouse("service", "update", "hello", "--env", "C=3")).toMatchObject({
      err: expect.stringContaining("the object has been modified"),
      exitCode: 1,
    });
  });

  it("splits traffic and tags revisions", async () => {
    api.addRevision("hello-00001");
    const args = ["--tag", "hello-00001=old", "--traffic", "old=20,@latest=80"];
    expect((await api.rouse("service", "update", "hello", ...args)).exitCode).toBe(0);
    expect(api.stored()?.spec).toMatchObject({
      traffic: [
        { latestRevision: true, percent: 80 },
        { revisionName: "hello-00001", latestRevision: false, percent: 20, tag: "old" },
      ],
    });
  });

  it("of a revision that is not there names the nearest", async () => {
    api.addRevision("hello-00001");
    const { err, exitCode } = await api.rouse("service", "update", "hello", "--traffic", "helo-00001=100");
    expect([exitCode, err]).toEqual([
      2,
      "service 'hello' has no revision and no tag 'helo-00001'\nDid you mean 'hello-00001'? All of them: rouse revision list -s hello",
    ]);
  });

  it("may name the revision that it makes", async () => {
    api.addRevision("hello-00001");
    const args = ["--env", "B=2", "--revision-name", "hello-two", "--traffic", "hello-two=50,hello-00001=50"];
    expect((await api.rouse("service", "update", "hello", ...args)).exitCode).toBe(0);
  });
});

describe("service apply", () => {
  const apply = (...args: readonly string[]) => api.rouse("service", "apply", "hello", "--image", "a/b", ...args);

  it("creates, changes, and says when there is nothing to do", async () => {
    expect((await apply("--env", "A=1")).out).toContain("Creating service 'hello' in namespace 'default':");
    expect((await apply("--env", "A=2")).out).toContain("Service 'hello' applied to latest revision 'hello-00002'");
    expect((await apply("--env", "A=2")).out).toContain("No changes to apply to service 'hello'.");
    await apply();
    expect(JSON.stringify(api.stored()?.spec)).not.toContain('"env"');
  });
});

describe("service wait", () => {
  it("ends when the service is ready, or says why it is not", async () => {
    await api.create();
    expect((await api.rouse("service", "wait", "hello")).out).toBe("Service 'hello' in namespace 'default' is ready.");
    expect(await api.rouse("service", "wait", "nobody")).toMatchObject({ exitCode: 1 });
    api.breakServices();
    await api.create("broken", "--no-wait");
    expect(await api.rouse("service", "wait", "broken", "--wait-window", "0")).toMatchObject({ exitCode: 4 });
  });
});

describe("service list", () => {
  it("is a table, in which who is asleep can be seen", async () => {
    await api.create();
    expect((await api.rouse("service", "list")).out).toMatch(
      /^NAME +URL +STATE +PODS +LATEST +AGE +CONDITIONS +READY +REASON\nhello +http:.* Asleep +0\/0 +hello-00001 .* 1 OK \/ 1 +True$/,
    );
    expect((await api.rouse("service", "list", "--no-headers")).out).toMatch(/^hello /);
    expect((await api.rouse("service", "list", "none")).err).toBe("No services found.");
  });

  it("is what a program asks for", async () => {
    await api.create();
    await api.create("other");
    const list = async (format: string) => (await api.rouse("service", "list", "-o", format)).out;
    expect(JSON.parse(await list("json"))).toMatchObject({ items: [{ kind: "Service" }, { kind: "Service" }] });
    expect(parse(await list("yaml"))).toEqual(JSON.parse(await list("json")));
    expect(await list("name")).toBe("service.serving.knative.dev/hello\nservice.serving.knative.dev/other");
    expect((await list("url")).split("\n")).toHaveLength(2);
    expect(await list("wide")).toMatch(/REASON +IMAGE +MESSAGE\n.* a\/b$/m);
  });
});
