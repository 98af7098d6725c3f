import { describe, expect, it, test } from "vitest";
import { parse } from "yaml";
import { CONFIG_MAPS, SECTIONS, sectionOf } from "../../../src/core/config/config-maps.ts";
import { containerName, defaultDefaultsConfig, parseDefaultsConfig } from "../../../src/core/config/defaults-config.ts";
import { completeDomains, parseDomainConfig } from "../../../src/core/config/domain-config.ts";
import { defaultFeaturesConfig, parseFeaturesConfig } from "../../../src/core/config/features-config.ts";
import { defaultNetworkConfig, parseNetworkConfig } from "../../../src/core/config/network-config.ts";
import { parseYaml } from "../../../src/durable/control-plane/yaml.ts";

function problemsOf(parsed: { ok: true } | { ok: false; problems: readonly { key: string; message: string }[] }) {
  return parsed.ok ? [] : parsed.problems.map(({ key, message }) => `${key}: ${message}`);
}

describe.each(SECTIONS)("the _example of section %s", (section) => {
  const { name, parse: parseSection, example } = CONFIG_MAPS[section];

  it("is YAML, with keys that parse", () => {
    const data = parse(example) as Record<string, string>;
    expect(Object.keys(data).length).toBeGreaterThan(0);
    expect(problemsOf(parseSection(data, parseYaml))).toEqual([]);
  });

  it("has no effect", () => {
    expect(parseSection({ _example: example }, parseYaml)).toEqual(parseSection({}, parseYaml));
    expect(sectionOf(name)).toBe(section);
  });
});

describe("config-defaults", () => {
  it("gives every field its default", () => {
    expect(parseDefaultsConfig({})).toEqual({ ok: true, config: defaultDefaultsConfig() });
    expect(defaultDefaultsConfig()).toMatchObject({
      revisionTimeoutSec: 300,
      maxRevisionTimeoutSec: 600,
      revisionResponseStartTimeoutSec: null,
      enableServiceLinks: false,
      containerNameTemplate: "user-container",
      requests: {},
      limits: {},
    });
  });

  it("reads what Knative reads", () => {
    const parsed = parseDefaultsConfig({
      "revision-timeout-seconds": "60",
      "revision-cpu-request": "100m",
      "revision-memory-limit": "64Mi",
      "revision-ephemeral-storage-limit": "1e9",
      "enable-service-links": "default",
      "container-name-template": "{{.Name}}-app",
    });
    expect(parsed).toMatchObject({
      ok: true,
      config: {
        revisionTimeoutSec: 60,
        requests: { cpu: "100m" },
        limits: { memory: "64Mi", "ephemeral-storage": "1e9" },
        enableServiceLinks: null,
        containerNameTemplate: "{{.Name}}-app",
      },
    });
  });

  it.each<[Record<string, string>, string]>([
    [{ "revision-timeout-seconds": "601" }, "revision-timeout-seconds: 601 must not be greater than max-revision-"],
    [{ "revision-response-start-timeout-seconds": "301" }, "revision-response-start-timeout-seconds: 301 must not"],
    [{ "revision-idle-timeout-seconds": "301" }, "revision-idle-timeout-seconds: 301 must not be greater than"],
    [{ "revision-timeout-seconds": "5m" }, "revision-timeout-seconds: invalid value: 5m (use a whole number)"],
    [{ "container-concurrency": "1001" }, "container-concurrency: expected 0 <= 1001 <= 1000"],
    [{ "container-concurrency": "-1" }, "container-concurrency: expected 0 <= -1 <= 1000"],
    [{ "container-concurrency-max-limit": "0" }, "container-concurrency-max-limit: 0 must be between 1 and"],
    [{ "revision-cpu-request": "many" }, "revision-cpu-request: invalid value: many (use a quantity"],
    [{ "container-name-template": "{{.NoSuch}}" }, "container-name-template: invalid template: can't evaluate field"],
    [{ "allow-container-concurrency-zero": "yes" }, "allow-container-concurrency-zero: invalid value: yes"],
  ])("refuses %o", (data, problem) => {
    expect(problemsOf(parseDefaultsConfig(data))[0]).toContain(problem);
  });

  it("names a container after its owner", () => {
    expect(containerName("{{.Name}}-{{.Labels.tier}}", { name: "hello", labels: { tier: "gold" } })).toBe("hello-gold");
    expect(containerName("user-container", {})).toBe("user-container");
  });
});

describe("config-features", () => {
  it("reads states in any case, and leaves the default where there is none", () => {
    const parsed = parseFeaturesConfig({
      "multi-container": "DISABLED",
      "kubernetes.podspec-init-containers": "enabled",
      "kubernetes.podspec-affinity": "allowed",
      "tag-header-based-routing": "on",
      "no-such-feature": "enabled",
    });
    expect(parsed).toEqual({
      ok: true,
      config: {
        ...defaultFeaturesConfig(),
        "multi-container": "Disabled",
        "kubernetes.podspec-init-containers": "Enabled",
        "kubernetes.podspec-affinity": "Allowed",
      },
    });
  });
});

describe("config-network", () => {
  it("reads today's keys before their older spellings", () => {
    const data = { domainTemplate: "{{.Name}}.old.{{.Domain}}", "domain-template": "{{.Name}}.{{.Domain}}" };
    expect(parseNetworkConfig({ ...data, rolloutDuration: "20" })).toEqual({
      ok: true,
      config: { ...defaultNetworkConfig(), domainTemplate: "{{.Name}}.{{.Domain}}", rolloutDurationSec: 20 },
    });
  });

  it.each<[Record<string, string>, string]>([
    [
      { "domain-template": "{{.Nam}}" },
      "domain-template: invalid template: can't evaluate field Nam; there are .Name,",
    ],
    [{ "domain-template": "{{.Name}}/x" }, "domain template has url path: /x"],
    [{ "domain-template": "" }, "empty hostname"],
    [{ "tag-template": "{{.Domain}}" }, "tag-template: invalid template: can't evaluate field Domain"],
    [{ "default-external-scheme": "ftp" }, 'default-external-scheme: invalid value: ftp (use "http" or "https")'],
    [{ "rollout-duration": "-1" }, "rollout-duration: -1 must not be negative"],
    [{ "rollout-duration": "10s" }, "rollout-duration: invalid value: 10s (use a whole number)"],
    [{ "http-protocol": "off" }, "http-protocol: invalid value: off (use one of enabled, disabled, redirected)"],
  ])("refuses %o", (data, problem) => {
    expect(problemsOf(parseNetworkConfig(data))[0]).toContain(problem);
  });
});

describe("config-domain", () => {
  /** YAML 1.1 by Go's rules: `on` is true and `off` false as key and value, days and times of day are text. */
  const EXOTIC = { app: "1", size: "1.5", true: "false", when: "2026-01-31", at: "12:30", none: "" };
  const rulesOf = (text: string) => parseDomainConfig({ "a.example.com": text }, parseYaml);

  it.each<[string, Record<string, string>]>([
    ["", {}],
    ["# nothing", {}],
    ["{}", {}],
    ["selector:", {}],
    ["selector: {}", {}],
    ["Selector: {app: prod}", { app: "prod" }],
    ["selector: {app: 1, size: 1.5, on: off, when: 2026-01-31, at: 12:30, none: null}", EXOTIC],
    ["selector: {id: 12345678901234567890}", { id: "12345678901234567890" }],
    ["selector: {a: x, a: z}", { a: "z" }],
  ])("reads %j as Knative does", (text, selector) => {
    expect(rulesOf(text)).toEqual({ ok: true, config: [{ domain: "a.example.com", selector }] });
  });

  it.each([
    ["example", "must be empty or have a selector"],
    ["[a]", "must be empty or have a selector"],
    ["selector: app", "selector must be a map of labels"],
    ["selector: {app: {a: b}}", "selector.app must be a text"],
    ["selector: [", "not valid YAML: "],
    [`selector: {a: ${"x".repeat(16_384)}}`, "longer than 16384 characters"],
  ])("refuses %.40j with the domain's name", (text, problem) => {
    expect(problemsOf(rulesOf(text))[0]).toContain(`a.example.com: ${problem}`);
  });

  test("without any rule it is the installation's domain, and without a rule for all the rest stays local", () => {
    expect(completeDomains([], "apps.test")).toEqual([{ domain: "apps.test", selector: {} }]);
    const prod = { domain: "prod.test", selector: { app: "prod" } };
    expect(completeDomains([prod], "apps.test")).toEqual([prod, { domain: "svc.cluster.local", selector: {} }]);
  });
});
