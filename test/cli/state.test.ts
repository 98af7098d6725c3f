import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { localEdge } from "../../src/cli/api/connection.ts";
import { agentCredential, hashToken, loadSecrets } from "../../src/cli/secrets.ts";
import { kubeconfigText, localApiUrl } from "../../src/cli/up/kubeconfig.ts";
import { identify, isAlive, killProcess } from "../../src/cli/up/process-identity.ts";
import { descendantsOf } from "../../src/cli/up/process-tree.ts";
import { claimRunFile } from "../../src/cli/up/run-file.ts";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "rouse-state-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

describe("the secrets", () => {
  it("are made once, are long, and stay the same", () => {
    const first = loadSecrets(dir);
    expect(first.rootKey).toMatch(/^[\w-]{43}$/);
    expect(first.adminToken).toMatch(/^[\w-]{32}$/);
    expect(loadSecrets(dir)).toEqual(first);
  });

  it("can be read by their owner only", () => {
    loadSecrets(join(dir, "state"));
    expect(statSync(join(dir, "state")).mode & 0o777).toBe(0o700);
    for (const file of ["root-key", "admin-token"]) {
      expect(statSync(join(dir, "state", file)).mode & 0o777).toBe(0o600);
    }
  });

  it("are named when their folder cannot be made", () => {
    writeFileSync(join(dir, "file"), "");
    expect(() => loadSecrets(join(dir, "file"))).toThrow(`cannot use the folder ${join(dir, "file")}`);
  });

  it("give the edge the SHA-256 of the token", () => {
    // echo -n test-admin-token | sha256sum
    expect(hashToken("test-admin-token")).toBe("17d6bfe05d1b1fb7bc499f8e3f639c7b3eda4c40f321eef8887a0c04c89a99c5");
  });

  it("give each agent a credential of its own: HKDF-SHA-256 of root key and uid", async () => {
    // The same derivation by WebCrypto, as the edge does it.
    const bytes = (text: string) => new TextEncoder().encode(text);
    const key = await crypto.subtle.importKey("raw", bytes("root"), "HKDF", false, ["deriveBits"]);
    const params = { name: "HKDF", hash: "SHA-256", salt: bytes("rouse"), info: bytes("agent-credential/u1") };
    const expected = Buffer.from(await crypto.subtle.deriveBits(params, key, 256)).toString("base64url");
    expect(agentCredential("root", "u1")).toBe(expected);
    expect(agentCredential("root", "u2")).not.toBe(expected);
  });
});

describe("the kubeconfig", () => {
  it("has the token in the server's path and selects its one context", () => {
    const config = parse(kubeconfigText(localApiUrl("http://127.0.0.1:8080", "t0ken"))) as Record<string, unknown>;
    expect(config).toMatchObject({
      kind: "Config",
      "current-context": "rouse",
      clusters: [{ name: "rouse", cluster: { server: "http://127.0.0.1:8080/k/t0ken" } }],
      contexts: [{ name: "rouse", context: { cluster: "rouse", namespace: "default" } }],
    });
  });

  it("tells other verbs where the edge is", () => {
    expect(localEdge(kubeconfigText(localApiUrl("http://127.0.0.1:8081", "t")))).toBe("http://127.0.0.1:8081");
  });
});

describe("the run file", () => {
  it("refuses a state that a living process uses, by its pid", async () => {
    const first = await claimRunFile(dir);
    await expect(claimRunFile(dir)).rejects.toThrow(`in use by another \`rouse up\`, pid ${process.pid}`);
    first.clear();
    (await claimRunFile(dir)).clear();
  });

  it("makes the next start end what a killed one left behind", async () => {
    const left = spawn("sleep", ["60"]);
    const exit = once(left, "exit");
    const identity = identify(left.pid ?? -1);
    const dead = { pid: process.pid, startedAt: "an earlier process with our pid" };
    writeFileSync(join(dir, "run.json"), JSON.stringify({ main: dead, children: [{ ...identity, role: "workerd" }] }));
    const run = await claimRunFile(dir);
    expect((await exit)[1]).toBe("SIGKILL");
    expect(JSON.parse(readFileSync(join(dir, "run.json"), "utf8"))).toMatchObject({ main: { pid: process.pid } });
    run.clear();
  });

  it("spares a stranger that was given the pid of a former child", async () => {
    const stranger = spawn("sleep", ["60"]);
    const child = { pid: stranger.pid, startedAt: "long ago", role: "workerd" };
    const dead = { pid: process.pid, startedAt: "long ago" };
    writeFileSync(join(dir, "run.json"), JSON.stringify({ main: dead, children: [child] }));
    (await claimRunFile(dir)).clear();
    expect(identify(stranger.pid ?? -1)).not.toBeNull();
    stranger.kill("SIGKILL");
    await once(stranger, "exit");
  });
});

describe("a process", () => {
  it("is known by pid and start, and is no more once it ended", async () => {
    const child = spawn("sleep", ["60"]);
    const identity = identify(child.pid ?? -1);
    if (identity === null) throw new Error("sleep did not start");
    expect(isAlive(identity)).toBe(true);
    expect(descendantsOf(process.pid)).toContain(child.pid);
    killProcess(identity, "SIGKILL");
    await once(child, "exit");
    expect(isAlive(identity)).toBe(false);
  });
});
