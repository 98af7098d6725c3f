import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { collectionPath, objectPath } from "../../src/cli/api/kinds.ts";
import { parseManifests, readManifests } from "../../src/cli/api/manifest.ts";
import { PACKAGE_ROOT } from "../../src/cli/package-root.ts";

const HELLO = "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  name: hello\n";

describe("a manifest", () => {
  it("is put into the default namespace unless it names one", () => {
    const [hello, other] = parseManifests(`${HELLO}---\n${HELLO}  namespace: other\n`, "f.yaml");
    expect(hello?.metadata.namespace).toBe("default");
    expect(other?.metadata.namespace).toBe("other");
  });

  it("may be JSON, and empty documents count for nothing", () => {
    const json = JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c" }, data: { a: "1" } });
    expect(parseManifests(json, "f.json")).toMatchObject([{ kind: "ConfigMap", data: { a: "1" } }]);
    expect(parseManifests(`${HELLO}---\n---\n`, "f.yaml")).toHaveLength(1);
  });

  it.each([
    ["kind: Service\nmetadata: {name: a}", "f.yaml: apiVersion is missing"],
    ["apiVersion: v1\nmetadata: {name: a}", "f.yaml: kind is missing"],
    ["apiVersion: v1\nkind: Service", "f.yaml: metadata.name is missing"],
    ["- a list", "f.yaml: an object is expected"],
    [`${HELLO}---\nkind: Service`, "f.yaml (document 2): apiVersion is missing"],
    ["a: [1,", "f.yaml: "],
  ])("that is wrong (%j) is refused by the name of file and field", (text, message) => {
    expect(() => parseManifests(text, "f.yaml")).toThrow(message);
  });

  it("names the file that cannot be read", () => {
    expect(() => readManifests("/does/not/exist.yaml")).toThrow("cannot read /does/not/exist.yaml");
  });

  it("is read from a folder in the order of the names, other files left out", () => {
    const folder = mkdtempSync(join(tmpdir(), "rouse-manifests-"));
    try {
      writeFileSync(join(folder, "b.yml"), HELLO.replace("hello", "second"));
      writeFileSync(join(folder, "a.yaml"), HELLO.replace("hello", "first"));
      writeFileSync(join(folder, "README.md"), "not a manifest");
      expect(readManifests(folder).map(({ metadata }) => metadata.name)).toEqual(["first", "second"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("of every example is for the process driver and runs something", () => {
    const examples = readManifests(join(PACKAGE_ROOT, "examples"));
    expect(examples.map(({ metadata }) => metadata.name)).toEqual(["clock", "echo", "hello", "slow", "wiki"]);
    for (const { spec } of examples) {
      expect(spec).toMatchObject({
        template: {
          metadata: { annotations: { "rouse.dev/driver": "process" } },
          spec: { containers: [{ command: expect.arrayContaining([expect.any(String)]) }] },
        },
      });
    }
  });
});

describe("the API path", () => {
  const object = (apiVersion: string, kind: string) => ({ apiVersion, kind, metadata: { name: "x", namespace: "ns" } });

  it("of a group's object is under /apis, of a core object under /api", () => {
    expect(collectionPath(object("serving.knative.dev/v1", "Service"))).toBe(
      "/apis/serving.knative.dev/v1/namespaces/ns/services",
    );
    const [map] = parseManifests("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a b}", "f.yaml");
    expect(map && objectPath(map)).toBe("/api/v1/namespaces/default/configmaps/a%20b");
  });

  it("of what is in no namespace names none", () => {
    expect(objectPath(object("v1", "Namespace"))).toBe("/api/v1/namespaces/x");
  });

  it("of an unknown kind is an error that lists the known ones", () => {
    expect(() => collectionPath(object("apps/v1", "Deployment"))).toThrow("Deployment (apps/v1) is no kind");
  });

  it("is known for what the server takes, and for nothing else", () => {
    const remedy =
      "It knows Service (serving.knative.dev/v1), Configuration (serving.knative.dev/v1), Route (serving.knative.dev/v1), DomainMapping (serving.knative.dev/v1beta1), ConfigMap (v1), Secret (v1), Namespace (v1), DomainMapping (serving.knative.dev/v1alpha1).";
    for (const [apiVersion, kind] of [
      ["v1", "Service"],
      ["apps/v1", "Deployment"],
    ] as const) {
      expect(() => collectionPath(object(apiVersion, kind))).toThrow(expect.objectContaining({ remedy }));
    }
  });
});
