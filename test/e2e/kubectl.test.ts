/** Rouse as a user of kubectl meets it: any version from 1.20 on, unmodified. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { app } from "./fixtures/services.ts";
import { findKubectl, type Kubectl, kubectlFor } from "./harness/kubectl.ts";
import { type Rouse, startRouse } from "./harness/rouse.ts";

const program = findKubectl();
// CI installs it; a machine without it says what was not run.
const why = program !== null || process.env.CI === "true" ? "" : " (skipped: no kubectl on this machine)";

const READY = ["wait", "--for=condition=Ready", "--timeout=30s"];
const GENERATION = ["-o", "jsonpath={.metadata.generation}"];

describe.skipIf(why !== "")(`kubectl${why}`, () => {
  let rouse: Rouse;
  let kubectl: Kubectl;

  /** Applies a manifest from standard input. */
  const apply = (manifest: object, ...args: readonly string[]) =>
    kubectl.with({ input: manifest }, "apply", "-f", "-", ...args);

  const writeManifest = (manifest: object) => {
    const file = join(rouse.stateDir, "manifest.json");
    writeFileSync(file, JSON.stringify(manifest));
    return file;
  };

  beforeAll(async () => {
    if (program === null) throw new Error("no kubectl: set KUBECTL, or put it on the PATH");
    rouse = await startRouse();
    kubectl = kubectlFor(rouse, program);
    await apply(app("site"));
    await kubectl(...READY, "ksvc/site");
  });
  afterAll(async () => {
    await rouse?.stop();
  });

  describe("reads", () => {
    it("get prints the columns of Knative", async () => {
      const [head = "", row = ""] = (await kubectl("get", "ksvc")).split("\n");
      expect(head.trim().split(/\s+/)).toEqual(["NAME", "URL", "LATESTCREATED", "LATESTREADY", "READY", "REASON"]);
      expect(row.trim().split(/\s+/)).toEqual([
        ...["site", "http://site.default.localhost", "site-00001", "site-00001", "True"],
      ]);
      expect(await kubectl("get", "ksvc", "-A")).toMatch(/^NAMESPACE .*\ndefault /);
      expect(await kubectl("get", "revisions")).toMatch(
        /^NAME +CONFIG NAME +GENERATION +READY +REASON +ACTUAL REPLICAS/,
      );
    });

    it("get takes short names, selectors and forms of output", async () => {
      expect(await kubectl("get", "cfg,rt", "-o", "name")).toBe(
        "configuration.serving.knative.dev/site\nroute.serving.knative.dev/site\n",
      );
      expect(await kubectl("get", "rev", "-l", "serving.knative.dev/service=site", "-o", "name")).toContain(
        "site-00001",
      );
      expect(await kubectl("get", "rev", "-l", "serving.knative.dev/service=other", "-o", "name")).toBe("");
      expect(await kubectl("get", "ksvc", "--field-selector", "metadata.name=other", "-o", "name")).toBe("");
      expect(await kubectl("get", "ksvc", "site", "-o", "yaml")).toContain("kind: Service\n");
      const list = JSON.parse(await kubectl("get", "ksvc", "-o", "json")) as { items: object[] };
      expect(list.items).toHaveLength(1);
    });

    it("get all, and the kinds of the cluster", async () => {
      const all = await kubectl("get", "all");
      for (const kind of ["service", "configuration", "revision", "route"]) {
        expect(all).toContain(`${kind}.serving.knative.dev/site`);
      }
      expect(all).toContain("pod/site-00001-deployment-");
      expect(await kubectl("get", "nodes", "-o", "wide")).toMatch(/^NAME +STATUS +ROLES +AGE +VERSION +INTERNAL-IP/);
      expect(await kubectl("get", "kpa")).toMatch(/^NAME +DESIREDSCALE +ACTUALSCALE +READY +REASON\nsite-00001/);
      expect(await kubectl("get", "namespaces")).toMatch(/^NAME +STATUS +AGE\ndefault +Active/);
    });

    it("get -w prints a row for each change", async () => {
      const lines = kubectl.following((line) => line.includes("watched-00001  "), "get", "ksvc", "-w");
      await apply(app("watched"));
      const [head = "", ...rows] = await lines;
      expect(head).toContain("LATESTCREATED");
      expect(rows.filter((row) => row.startsWith("watched")).length).toBeGreaterThan(0);
      expect(rows.filter((row) => row.startsWith("NAME"))).toEqual([]);
      await kubectl("delete", "ksvc", "watched");
    });

    it("describe shows the object and looks for its events", async () => {
      const text = await kubectl("describe", "ksvc", "site");
      expect(text).toContain("URL:                http://site.default.localhost");
      expect(text).toContain("Events:");
    });

    it("api-resources, version and auth can-i know the server", async () => {
      const resources = await kubectl("api-resources");
      expect(resources).toMatch(/services +kservice,ksvc +serving\.knative\.dev\/v1 +true +Service/);
      expect(resources).toMatch(/domainmappings +dm +serving\.knative\.dev\/v1beta1 +true +DomainMapping/);
      expect(await kubectl("version", "-o", "json")).toContain("-rouse");
      expect(await kubectl("auth", "can-i", "create", "ksvc")).toBe("yes\n");
    });
  });

  describe("writes", () => {
    const env = (value: string) => app("changing", { env: { GREETING: value } });
    const generation = () => kubectl("get", "ksvc", "changing", ...GENERATION);

    it("apply creates, changes, and leaves alone what is the same", async () => {
      expect(await apply(env("one"))).toContain("created");
      expect(await apply(env("one"))).toMatch(/configured|unchanged/);
      expect(await generation()).toBe("1");
      expect(await apply(env("two"))).toContain("configured");
      expect(await generation()).toBe("2");
    });

    it("diff and --dry-run=server show what would be, and change nothing", async () => {
      const file = writeManifest(app("site", { env: { GREETING: "three" } }));
      await expect(kubectl("diff", "-f", file)).rejects.toThrow(/\+ +value: three/);
      expect(await kubectl("apply", "-f", file, "--dry-run=server")).toContain("(server dry run)");
      expect(await kubectl("get", "ksvc", "site", ...GENERATION)).toBe("1");
    });

    it("apply --server-side is refused in words", async () => {
      const file = writeManifest(app("site"));
      expect(await kubectl.failing("apply", "--server-side", "-f", file)).toMatch(
        /^error: Server-side apply not available on the server:/i,
      );
    });

    it("patch, label, annotate and edit", async () => {
      const concurrency = ["get", "ksvc", "changing", "-o", "jsonpath={.spec.template.spec.containerConcurrency}"];
      const merge = '{"spec":{"template":{"spec":{"containerConcurrency":3}}}}';
      await kubectl("patch", "ksvc", "changing", "--type=merge", "-p", merge);
      expect(await kubectl(...concurrency)).toBe("3");
      const json = '[{"op":"replace","path":"/spec/template/spec/containerConcurrency","value":4}]';
      await kubectl("patch", "ksvc", "changing", "--type=json", "-p", json);
      expect(await kubectl(...concurrency)).toBe("4");
      await kubectl("label", "ksvc", "changing", "team=blue");
      await kubectl("annotate", "ksvc", "changing", "note=read me");
      expect(await kubectl("get", "ksvc", "-l", "team=blue", "-o", "name")).toContain("changing");
      const editor = { KUBE_EDITOR: "sed -i s/containerConcurrency:.4/containerConcurrency:\\ 5/" };
      expect(await kubectl.with({ env: editor }, "edit", "ksvc", "changing")).toContain("edited");
      expect(await kubectl(...concurrency)).toBe("5");
    });

    it("delete returns when the object is gone", async () => {
      expect(await kubectl("delete", "ksvc", "changing")).toContain("deleted");
      expect(await kubectl.failing("get", "ksvc", "changing")).toBe(
        'Error from server (NotFound): services.serving.knative.dev "changing" not found',
      );
    });
  });

  it("core kinds are created as kubectl sends them, applied, patched and deleted", async () => {
    await kubectl("create", "namespace", "team");
    await kubectl("create", "configmap", "settings", "-n", "team", "--from-literal=colour=red");
    await kubectl("create", "secret", "generic", "keys", "-n", "team", "--from-literal=key=hidden");
    expect(await kubectl("get", "cm,secret", "-n", "team")).toMatch(
      /configmap\/settings +1 [^]*secret\/keys +Opaque +1 /,
    );
    expect(await kubectl("get", "secret", "keys", "-n", "team", "-o", "jsonpath={.data.key}")).toBe("aGlkZGVu");
    const map = (colour: string) => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "applied", namespace: "team" },
      data: { colour },
    });
    expect(await apply(map("red"))).toContain("created");
    expect(await apply(map("red"))).toContain("unchanged");
    expect(await apply(map("blue"))).toContain("configured");
    await kubectl("patch", "cm", "applied", "-n", "team", "-p", '{"data":{"size":"7"}}');
    expect(await kubectl("get", "cm", "applied", "-n", "team", "-o", "jsonpath={.data}")).toBe(
      '{"colour":"blue","size":"7"}',
    );
    expect(await kubectl("delete", "cm", "--all", "-n", "team")).toContain('"applied" deleted');
    await kubectl("delete", "namespace", "team");
    expect(await kubectl("get", "secrets", "-n", "team", "-o", "name")).toBe("");
  });

  it("what is wrong is said in the words of the server", async () => {
    const manifest = app("bad");
    const bad = writeManifest({ ...manifest, spec: { ...manifest.spec, traffic: [{ percent: 50 }] } });
    expect(await kubectl.failing("apply", "-f", bad)).toContain("Traffic targets sum to 50, want 100: spec.traffic");
    expect(await kubectl.failing("get", "gadgets")).toContain(`the server doesn't have a resource type "gadgets"`);
    expect(await kubectl.failing("delete", "namespace", "default")).toContain("this namespace may not be deleted");
    expect(
      await kubectl.failing("patch", "ksvc", "site", "--type=json", "-p", '[{"op":"remove","path":"/x"}]'),
    ).toContain("invalid");
  });
});
