import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiClient } from "../../src/cli/api/api-client.ts";
import { applyManifest, patchFor, wasApplied } from "../../src/cli/api/apply.ts";
import { type Manifest, parseManifests } from "../../src/cli/api/manifest.ts";
import { applyCommand } from "../../src/cli/commands/apply.ts";
import { type FakeApi, startFakeApi } from "./fake-api.ts";

const HELLO = `
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: hello}
spec:
  template:
    metadata:
      annotations: {autoscaling.knative.dev/min-scale: "1"}
    spec:
      timeoutSeconds: 20
      containers: [{image: a/b, command: [node, app.js]}]
`;
const PATH = "/apis/serving.knative.dev/v1/namespaces/default/services/hello";

function manifest(text: string): Manifest {
  const [only] = parseManifests(text, "f.yaml");
  if (only === undefined) throw new Error("no manifest");
  return only;
}

let api: FakeApi;
let folder: string;
beforeEach(async () => {
  api = await startFakeApi();
  folder = mkdtempSync(join(tmpdir(), "rouse-apply-"));
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
  await api[Symbol.asyncDispose]();
});

describe("applying a manifest", () => {
  const apply = (text: string) => applyManifest(new ApiClient(api.url, "t"), manifest(text));
  const hello = () => api.objects.get(PATH);

  it("twice changes nothing the second time: no generation, so no revision", async () => {
    expect(await apply(HELLO)).toBe("created");
    expect(await apply(HELLO)).toBe("unchanged");
    expect(hello()?.metadata.generation).toBe(1);
    expect(hello()?.spec).toMatchObject({ template: { spec: { enableServiceLinks: false } } });
  });

  it("keeps what others set and the server filled in", async () => {
    await apply(HELLO);
    const stored = hello();
    if (stored !== undefined) {
      const metadata = { ...stored.metadata, labels: { team: "blue" } };
      api.objects.set(PATH, { ...stored, metadata });
    }
    expect(await apply(HELLO.replace("20", "30"))).toBe("configured");
    expect(hello()).toMatchObject({
      metadata: { labels: { team: "blue" }, generation: 2 },
      spec: { template: { spec: { timeoutSeconds: 30, enableServiceLinks: false } } },
    });
  });

  it("takes away what the manifest had before and has no more", async () => {
    await apply(HELLO);
    const shorter = HELLO.replace("      timeoutSeconds: 20\n", "").replace(/ {4}metadata:\n.*\n/, "");
    expect(await apply(shorter)).toBe("configured");
    expect(hello()?.spec).toMatchObject({ template: { spec: { timeoutSeconds: 300 } } });
    expect(JSON.stringify(hello()?.spec)).not.toContain("min-scale");
  });

  it("refuses a misspelled field by name, without the words of Knative's webhook", async () => {
    await expect(apply(HELLO.replace("timeoutSeconds", "timeoutSecond"))).rejects.toThrow(
      'could not apply service hello: Service in version "v1" cannot be handled as a Service: strict decoding error: unknown field "spec.template.spec.timeoutSecond"',
    );
    await apply(HELLO);
    await expect(apply(HELLO.replace("timeoutSeconds", "timeoutSecond"))).rejects.toThrow("timeoutSecond");
    await expect(apply(HELLO.replace("20", "9999"))).rejects.toThrow(
      "could not apply service hello: expected 0 <= 9999 <= 600: spec.template.spec.timeoutSeconds (400)",
    );
  });

  it("is remembered, whatever is done to the object since", async () => {
    await apply(HELLO);
    await new ApiClient(api.url, "t").expect("change", "PATCH", PATH, {
      spec: { template: { spec: { timeoutSeconds: 9 } } },
    });
    expect(wasApplied(hello(), manifest(HELLO))).toBe(true);
    expect(wasApplied(hello(), manifest(HELLO.replace("20", "30")))).toBe(false);
    expect(await apply(HELLO)).toBe("configured");
    expect(hello()?.spec).toMatchObject({ template: { spec: { timeoutSeconds: 20 } } });
  });

  it("takes nothing away when it cannot read what was applied before", () => {
    const annotations = { "kubectl.kubernetes.io/last-applied-configuration": "{" };
    expect(patchFor({ metadata: { annotations }, spec: { a: 1 } }, manifest(HELLO))).not.toHaveProperty("spec.a");
  });
});

describe("rouse apply", () => {
  async function run(path: string): Promise<{ readonly out: string; readonly problem: string }> {
    vi.stubEnv("ROUSE_ADMIN_TOKEN", "t");
    const lines: string[] = [];
    for (const stream of ["log", "error"] as const) {
      vi.spyOn(console, stream).mockImplementation((text: string) => void lines.push(text));
    }
    const problem = await applyCommand()
      .exitOverride()
      .parseAsync(["-f", path, "--edge", api.url], { from: "user" })
      .then(
        () => "",
        (error: Error) => error.message,
      );
    return { out: lines.join("\n").replaceAll(folder, "."), problem };
  }

  it("of a folder goes on after a file that fails, and says so at the end", async () => {
    writeFileSync(join(folder, "a.yaml"), "a: [1,");
    writeFileSync(join(folder, "b.yaml"), `${HELLO}---\n${HELLO.replace("hello", "UPPER")}`);
    writeFileSync(join(folder, "c.yaml"), HELLO.replace("hello", "third"));
    const { out, problem } = await run(folder);
    expect(problem).toBe("2 of 4 objects could not be applied");
    expect(out).toContain("error: ./a.yaml: ");
    expect(out).toContain("error: ./b.yaml (document 2): could not apply service UPPER: not a DNS 1035 label");
    expect(out).toContain("service/hello created");
    expect(out).toContain("service/third created");
  });

  it("takes what is in no namespace, too", async () => {
    const path = join(folder, "team.yaml");
    writeFileSync(path, "apiVersion: v1\nkind: Namespace\nmetadata: {name: team, labels: {a: b}}\n");
    expect(await run(path)).toEqual({ out: "namespace/team created", problem: "" });
    expect(api.objects.get("/api/v1/namespaces/team")?.metadata).toMatchObject({ name: "team", labels: { a: "b" } });
    expect(api.objects.get("/api/v1/namespaces/team")?.metadata.namespace ?? "").toBe("");
    expect(await run(path)).toEqual({ out: "namespace/team unchanged", problem: "" });
  });

  it("of nothing is an error", async () => {
    writeFileSync(join(folder, "empty.yaml"), "# nothing\n");
    expect((await run(join(folder, "empty.yaml"))).problem).toContain("there is no object in");
  });

  it("prints what the server warns of, beside the file's name", async () => {
    api.warning = '299 - "say \\"x\\"", 299 - "two"';
    writeFileSync(join(folder, "hello.yaml"), HELLO);
    expect((await run(folder)).out).toContain('warning: ./hello.yaml: say "x"\nwarning: ./hello.yaml: two');
  });
});
