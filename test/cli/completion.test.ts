import { execFileSync } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { completionScript, SHELLS } from "../../src/cli/completion/scripts.ts";
import { suggest } from "../../src/cli/completion/suggest.ts";
import { createProgram } from "../../src/cli/program.ts";
import { startFakeApi } from "./fake-api.ts";
import { runCli } from "./run-cli.ts";

const program = createProgram();

describe("completion", () => {
  it.each([
    [[""], ["service", "domain", "agent", "up"]],
    [
      ["service", ""],
      ["create", "update", "describe", "export"],
    ],
    [["ksvc", ""], ["create"]],
    [
      ["agent", ""],
      ["list", "describe"],
    ],
    [["completion", ""], [...SHELLS]],
    [
      ["service", "update", "--"],
      ["--env", "--traffic", "--no-wait", "--help"],
    ],
    [
      ["service", "list", "-o", ""],
      ["json", "yaml", "wide"],
    ],
    [
      ["service", "update", "hello", "--driver", ""],
      ["process", "auto"],
    ],
  ])("of %j offers %j", (words, wanted) => {
    expect(suggest(program, words).words).toEqual(expect.arrayContaining(wanted));
  });

  it.each([
    [["service", "update", ""], "service"],
    [["service", "describe", "he"], "service"],
    [["service", "delete", "a", ""], "service"],
    [["service", "update", "-e", "A=b", ""], "service"],
    [["revision", "describe", ""], "revision"],
    [["revision", "list", "-s", ""], "service"],
    [["domain", "create", "x.org", "--ref", ""], "service"],
    [["agent", "describe", ""], "agent"],
    [["service", "list", "-n", ""], "namespace"],
    [["service", "update", "hello", "--traffic", ""], "revision"],
    [["service", "create", ""], null],
    [["service", "update", "hello", ""], null],
    [["service", "update", "hello", "-e", ""], null],
    [["token", "create", ""], null],
  ])("of %j asks for the names of %j", (words, names) => {
    expect(suggest(program, words).names).toBe(names);
  });

  it("never shows what is hidden", () => {
    expect(suggest(program, [""]).words).not.toContain("__complete");
  });

  it("offers the names that begin as it was written, and nothing when nobody answers", async () => {
    await using api = await startFakeApi();
    for (const name of ["hello", "help", "other"]) {
      const body = { metadata: { name }, spec: { template: { spec: { containers: [{ image: "a/b" }] } } } };
      const path = "/apis/serving.knative.dev/v1/namespaces/default/services";
      await fetch(api.url + path, {
        method: "POST",
        body: JSON.stringify({ apiVersion: "serving.knative.dev/v1", kind: "Service", ...body }),
      });
    }
    const complete = (edge: string, word: string) =>
      runCli(["__complete", "--", "service", "describe", "--edge", edge, word]);
    expect((await complete(api.url, "he")).out).toBe("hello\nhelp");
    expect(await complete("http://127.0.0.1:1", "")).toEqual({ out: "", err: "", exitCode: 0 });
  });

  it("leaves out names that a shell would take for more than a name", async () => {
    await using edge = await startEdge({
      items: [{ name: "$(touch owned)" }, { name: "a\nb" }, { name: "machine-1.lan" }],
    });
    expect((await runCli(["__complete", "--", "agent", "describe", "--edge", edge.url, ""])).out).toBe("machine-1.lan");
  });

  it("is a script that bash accepts and that asks the program", () => {
    const script = `${completionScript("bash")}\nrouse() { [ "$1 $2 $3 $4" = "__complete -- service d" ] && printf 'describe\\ndelete\\n'; }
COMP_WORDS=(rouse service d); COMP_CWORD=2; _rouse; echo "\${COMPREPLY[@]}"`;
    expect(execFileSync("bash", ["-c", script], { encoding: "utf8" })).toBe("describe delete\n");
  });
});

/** An edge that always answers the same. */
async function startEdge(answer: unknown): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((_, response) => response.end(JSON.stringify(answer)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: async () => void server.close() };
}
