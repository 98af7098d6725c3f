import { describe, expect, test } from "vitest";
import { defaultConfig } from "../../../src/core/config/config.ts";
import { admitCreate } from "../../../src/core/resource/admit.ts";
import { RESOURCE_TYPES } from "../../../src/core/resource/resource-type.ts";
import { warningsOf } from "../../../src/core/resource/warnings.ts";
import { parseYaml } from "../../../src/durable/control-plane/yaml.ts";

const CONTEXT = {
  ...{ user: "ann", nowMs: 0, isStrict: false, config: defaultConfig("example.com"), parseYaml },
  find: () => null,
};

function admit(name: string, data: Record<string, string>, namespace = "knative-serving") {
  const identity = { uid: "uid-1", random: [0, 0, 0, 0, 0] };
  return admitCreate(RESOURCE_TYPES.ConfigMap, namespace, { metadata: { name }, data }, identity, CONTEXT);
}

function refusalOf(name: string, data: Record<string, string>): string {
  const admission = admit(name, data);
  return admission.ok ? "" : (admission.status.message ?? "");
}

function warningsFor(name: string, data: Record<string, string>): readonly string[] {
  const admission = admit(name, data);
  return admission.ok ? warningsOf(admission.object) : [];
}

describe("a ConfigMap of the system's namespace", () => {
  test("is refused with every bad key", () => {
    expect(refusalOf("config-gc", { "min-non-active-revisions": "-1", "retain-since-create-time": "2d" })).toBe(
      'admission webhook "config.webhook.serving.knative.dev" denied the request: validation failed: ' +
        "-1 must not be negative: data.min-non-active-revisions\n" +
        'invalid value: 2d (use a duration with a unit, such as "90s"): data.retain-since-create-time',
    );
  });

  test("is refused when a domain cannot be the suffix of hosts", () => {
    expect(refusalOf("config-domain", { "Example.com": "" })).toContain('invalid key name "Example.com": data');
    expect(refusalOf("config-domain", { _example: "selector: [" })).toBe("");
  });

  test("is warned about what is taken and has no effect", () => {
    expect(warningsFor("config-gc", { "min-non-active-revision": "3", "min-non-active-revisions": "3" })).toEqual([
      "data.min-non-active-revision of config-gc has no effect",
    ]);
    expect(warningsFor("config-features", { "multi-container": "on", "tag-header-based-routing": "enabled" })).toEqual([
      "data.multi-container of config-features has no effect",
    ]);
    expect(
      warningsFor("config-network", { domainTemplate: "{{.Name}}.{{.Domain}}", "http-protocol": "enabled" }),
    ).toEqual(["data.http-protocol of config-network has no effect"]);
    expect(warningsFor("config-domain", { _example: "…", "example.com": "" })).toEqual([]);
  });
});

test("a ConfigMap elsewhere, or of another name, may say what it wants", () => {
  expect(admit("config-gc", { "min-non-active-revisions": "-1" }, "default").ok).toBe(true);
  expect(admit("config-other", { anything: "goes" }).ok).toBe(true);
});
