import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ApiClient } from "../../src/cli/api/api-client.ts";
import { AppliedManifests } from "../../src/cli/up/applied-manifests.ts";
import { applyExamples } from "../../src/cli/up/examples.ts";
import { type ApiUnderTest, startApi } from "./api-under-test.ts";

const PATH = "/apis/serving.knative.dev/v1/namespaces/default/services/hello";

let api: ApiUnderTest;
let folder: string;
let examples: string;
beforeEach(async () => {
  api = await startApi();
  folder = mkdtempSync(join(tmpdir(), "rouse-examples-"));
  examples = join(folder, "examples");
  mkdirSync(examples);
  write("a/b");
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await api[Symbol.asyncDispose]();
});

function write(image: string): void {
  const service = { apiVersion: "serving.knative.dev/v1", kind: "Service", metadata: { name: "hello" } };
  const spec = { template: { spec: { containers: [{ image }] } } };
  writeFileSync(join(examples, "hello.yaml"), JSON.stringify({ ...service, spec }));
}

/** What `rouse up` does about the examples, each time with what the state folder remembers. */
async function start(): Promise<{ states: string[]; writes: string[] }> {
  api.fake.requests.length = 0;
  const client = new ApiClient(api.fake.url, "t");
  const { signal } = new AbortController();
  const outcomes = await applyExamples(client, examples, new AppliedManifests(folder), signal, () => {});
  return {
    states: outcomes.map(({ name, state }) => `${name} ${state}`),
    writes: api.fake.requests.filter((request) => !request.startsWith("GET")),
  };
}

describe("an example", () => {
  it("is applied once, and again when its manifest changes", async () => {
    expect(await start()).toMatchObject({ states: ["hello ready"], writes: [expect.stringMatching(/^POST/)] });
    expect(await start()).toEqual({ states: ["hello ready"], writes: [] });
    write("c/d");
    expect(await start()).toEqual({ states: ["hello ready"], writes: [`PATCH ${PATH}`] });
  });

  it("that the user deleted does not come back until its manifest changes", async () => {
    await start();
    api.fake.objects.delete(PATH);
    expect(await start()).toEqual({ states: ["hello deleted"], writes: [] });
    write("c/d");
    expect(await start()).toMatchObject({ states: ["hello ready"], writes: [expect.stringMatching(/^POST/)] });
  });

  it("that the user replaced, the annotation of the last apply with it, stays as it is", async () => {
    await start();
    await api.rouse("service", "create", "hello", "--image", "my/own", "--force");
    expect(await start()).toEqual({ states: ["hello ready"], writes: [] });
    expect(JSON.stringify(api.stored()?.spec)).toContain("my/own");
  });

  it("that the object itself says was applied is not applied for want of a record", async () => {
    await start();
    rmSync(join(folder, "examples.json"));
    expect(await start()).toEqual({ states: ["hello ready"], writes: [] });
  });

  it("whose file is no manifest fails alone", async () => {
    writeFileSync(join(examples, "broken.yaml"), "kind: Service\n");
    const { states } = await start();
    expect(states).toEqual([`${join(examples, "broken.yaml")} failed`, "hello ready"]);
  });
});
