/** Every ConfigMap of namespace knative-serving, changed through the API while services run. */
import { abortAllDurableObjects } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { CONFIG_MAPS, SECTIONS } from "../../../src/core/config/config-maps.ts";
import type { ControlPlaneRpc } from "../../../src/core/protocol/control-plane.ts";
import {
  CONTROL_PLANE_NAME,
  type ObjectNamespace,
  type RevisionOrder,
  type RoutesRpc,
} from "../../../src/core/protocol/objects.ts";
import { findCondition } from "../../../src/core/resource/conditions.ts";
import type { KindName, KubeObject } from "../../../src/core/resource/object.ts";
import type { Revision, Route, Service } from "../../../src/core/resource/serving.ts";
import { routesShardOf } from "../../../src/core/routing/shard.ts";
import { Revision as RevisionObject } from "../../../src/durable/revision/revision.ts";

type Bindings = {
  readonly CONTROL_PLANE: ObjectNamespace<ControlPlaneRpc>;
  readonly ROUTES: ObjectNamespace<RoutesRpc>;
};
const { CONTROL_PLANE, ROUTES } = env as unknown as Bindings;
const WRITE = { user: "tester", isDryRun: false, isStrict: false, apiVersion: "" };
const DELETE = { isDryRun: false, propagation: "Background", uid: "", resourceVersion: "" } as const;

const plane = () => CONTROL_PLANE.getByName(CONTROL_PLANE_NAME);
const mapKey = (name: string) => ({ kind: "ConfigMap", namespace: "knative-serving", name }) as const;
const resolve = (host: string) => ROUTES.getByName(routesShardOf(host)).resolve(host);

/** Like `kubectl patch`: null removes a key. @returns the message of a refusal; "" when it was taken */
async function configure(name: string, data: Record<string, string | null>): Promise<string> {
  const outcome = await plane().patchObject(mapKey(name), { type: "merge", body: { data } }, WRITE);
  return outcome.ok ? "" : `${outcome.status.code} ${outcome.status.message}`;
}

async function apply(name: string, more: { labels?: object; spec?: object } = {}): Promise<string> {
  const spec = { containers: [{ image: "dev.local/hello", command: ["./hello"] }], ...more.spec };
  const body = { metadata: { name, labels: more.labels ?? {} }, spec: { template: { spec } } };
  const created = await plane().createObject("Service", "default", body, WRITE);
  return created.ok ? "" : (created.status.message ?? "");
}

async function find<T extends KubeObject>(kind: KindName, name: string): Promise<T | null> {
  const outcome = await plane().getObject({ kind, namespace: "default", name });
  return outcome.ok ? (outcome.value as T) : null;
}

/** The object once it is as wished; the wait ends with the test's own deadline. */
async function until<T extends KubeObject>(
  kind: T["kind"],
  name: string,
  isWished: (object: T) => boolean,
): Promise<T> {
  return vi.waitFor(
    async () => {
      const object = await find<T>(kind, name);
      if (object === null || !isWished(object)) throw new Error(`${kind} ${name} is ${JSON.stringify(object?.status)}`);
      return object;
    },
    { timeout: 10_000, interval: 5 },
  );
}

const isReady = ({ status }: KubeObject) => findCondition(status as Service["status"], "Ready")?.status === "True";

let sequence = 10 * Date.now();
async function start(revision: string): Promise<Revision> {
  const { metadata } = await until<Revision>("Revision", revision, () => true);
  sequence += 1;
  const active = { status: "True", reason: "", message: "" } as const;
  const observation = { desiredScale: 1, actualScale: 1, isInitialized: true, active, failure: null };
  await plane().revisionObserved({ revisionUid: metadata.uid, sequence, ...observation });
  return until<Revision>("Revision", revision, isReady);
}

async function applyReady(name: string, labels: object = {}): Promise<void> {
  expect(await apply(name, { labels })).toBe("");
  await start(`${name}-00001`);
  await until<Service>("Service", name, isReady);
}

afterEach(async () => {
  for (const section of SECTIONS) await plane().deleteObject(mapKey(CONFIG_MAPS[section].name), DELETE);
  // They come back at the next start, empty.
  await abortAllDurableObjects();
});

describe("a control plane", () => {
  test.each(SECTIONS)("has the ConfigMap of %s from the start, and it explains itself", async (section) => {
    const { name, example } = CONFIG_MAPS[section];
    expect(await plane().getObject(mapKey(name))).toMatchObject({ ok: true, value: { data: { _example: example } } });
  });

  test("leaves what somebody changed as it is, and brings back what is missing", async () => {
    expect(await configure("config-network", { "rollout-duration": "7", _example: null })).toBe("");
    await plane().deleteObject(mapKey("config-gc"), DELETE);
    await abortAllDurableObjects();
    const network = await plane().getObject(mapKey("config-network"));
    expect(network.ok && network.value.data).toEqual({ "rollout-duration": "7" });
    expect(await plane().getObject(mapKey("config-gc"))).toMatchObject({ ok: true });
  });

  test.each([
    ["config-autoscaler", "stable-window", "60"],
    ["config-defaults", "revision-timeout-seconds", "5m"],
    ["config-domain", "example.com", "selector: ["],
    ["config-gc", "min-non-active-revisions", "-1"],
    ["config-network", "domain-template", "{{.Nam}}"],
  ])("refuses a bad value of %s with the name of its key, and keeps the map", async (name, key, value) => {
    const before = await plane().getObject(mapKey(name));
    const message = await configure(name, { [key]: value });
    expect(message).toContain('400 admission webhook "config.webhook.serving.knative.dev" denied the request');
    expect(message).toContain(`: data.${key}`);
    expect(await plane().getObject(mapKey(name))).toEqual(before);
  });
});

describe("config-domain", () => {
  test("moves the hosts of all routes; the old hosts are gone, and a deleted map means the default", async () => {
    await applyReady("mover");
    expect(await resolve("mover.default.apps.test")).toMatchObject({ route: "mover" });

    expect(await configure("config-domain", { "moved.test": "" })).toBe("");
    const moved = "http://mover.default.moved.test";
    const service = await until<Service>("Service", "mover", (object) => object.status?.url === moved);
    expect(service.status?.address?.url).toBe("http://mover.default.svc.cluster.local");
    await vi.waitFor(async () => {
      expect(await resolve("mover.default.moved.test")).toMatchObject({ route: "mover" });
      expect(await resolve("mover.default.apps.test")).toBeNull();
    });
    await until<Service>("Service", "mover", isReady);

    await plane().deleteObject(mapKey("config-domain"), DELETE);
    await until<Service>("Service", "mover", ({ status }) => status?.url === "http://mover.default.apps.test");
    await vi.waitFor(async () => expect(await resolve("mover.default.moved.test")).toBeNull());
  });

  test("chooses by labels; what no rule takes is cluster-local", async () => {
    expect(await configure("config-domain", { "gold.test": "selector: {tier: gold}" })).toBe("");
    await applyReady("golden", { tier: "gold" });
    await applyReady("iron");
    expect((await find<Service>("Service", "golden"))?.status?.url).toBe("http://golden.default.gold.test");
    expect((await find<Service>("Service", "iron"))?.status?.url).toBe("http://iron.default.svc.cluster.local");
    expect(await resolve("iron.default.svc.cluster.local")).toMatchObject({ visibility: "cluster-local" });
  });
});

describe("config-network", () => {
  test("brings the template of hosts and the scheme of URLs", async () => {
    await applyReady("shaped");
    const template = "{{.Name}}-{{.Namespace}}{{with}}";
    expect(await configure("config-network", { "domain-template": template })).toContain(": data.domain-template");
    await configure("config-network", {
      "domain-template": "{{.Name}}-{{.Namespace}}.{{.Domain}}",
      "default-external-scheme": "https",
    });
    await until<Service>("Service", "shaped", ({ status }) => status?.url === "https://shaped-default.apps.test");
    await vi.waitFor(async () => {
      expect(await resolve("shaped-default.apps.test")).toMatchObject({ route: "shaped" });
      expect(await resolve("shaped.default.apps.test")).toBeNull();
    });
  });

  test("with a template that makes a host that cannot be, says so and leaves callers alone", async () => {
    await applyReady("stuck");
    await configure("config-network", { "domain-template": '{{.Name}}.{{index .Labels "region"}}.{{.Domain}}' });
    const route = await until<Route>("Route", "stuck", (object) => !isReady(object));
    expect(findCondition(route.status, "IngressReady")).toMatchObject({
      status: "False",
      reason: "InvalidDomainName",
      message: expect.stringContaining('invalid domain name "stuck..apps.test": a lowercase RFC 1123 subdomain'),
    });
    expect(await resolve("stuck.default.apps.test")).toMatchObject({ route: "stuck" });

    await configure("config-network", { "domain-template": null });
    await until<Service>("Service", "stuck", isReady);
  });
});

test("config-autoscaler reaches the revisions that run", async () => {
  const orders: RevisionOrder[] = [];
  const spy = vi.spyOn(RevisionObject.prototype, "applyOrder").mockImplementation(async (order) => {
    orders.push(order);
  });
  await applyReady("scaled");
  await configure("config-autoscaler", { "stable-window": "30s" });
  await vi.waitFor(() => expect(orders.at(-1)?.scaling.stableWindowMs).toBe(30_000));
  spy.mockRestore();
});

test("config-defaults counts for what is created after the change, and for nothing before it", async () => {
  await applyReady("earlier");
  await configure("config-defaults", { "revision-timeout-seconds": "120" });
  await applyReady("later");
  expect((await find<Revision>("Revision", "earlier-00001"))?.spec.timeoutSeconds).toBe(300);
  expect((await find<Revision>("Revision", "later-00001"))?.spec.timeoutSeconds).toBe(120);
  expect(await find<Revision>("Revision", "earlier-00002")).toBeNull();
});

test("config-features opens what was refused", async () => {
  const spec = { nodeSelector: { disk: "ssd" } };
  expect(await apply("picky", { spec })).toContain("must not set the field(s): spec.template.spec.nodeSelector");
  await configure("config-features", { "kubernetes.podspec-nodeselector": "enabled" });
  expect(await apply("picky", { spec })).toBe("");
});

describe("config-gc", () => {
  const AT_ONCE = {
    "retain-since-create-time": "disabled",
    "retain-since-last-active-time": "disabled",
    "min-non-active-revisions": "0",
    "max-non-active-revisions": "0",
  };

  async function applyTwice(name: string): Promise<Revision> {
    await applyReady(name);
    const body = { spec: { template: { spec: { containerConcurrency: 3 } } } };
    await plane().patchObject({ kind: "Service", namespace: "default", name }, { type: "merge", body }, WRITE);
    await start(`${name}-00002`);
    const isReserve = ({ metadata }: Revision) => metadata.labels?.["serving.knative.dev/routingState"] === "reserve";
    return until<Revision>("Revision", `${name}-00001`, isReserve);
  }

  test("deletes the revisions that no route uses when it says so, pods first", async () => {
    const destroyed = vi.spyOn(RevisionObject.prototype, "destroy").mockImplementation(async () => {});
    const old = await applyTwice("old");
    expect(await configure("config-gc", AT_ONCE)).toBe("");
    await until<Revision>("Revision", "old-00001", ({ metadata }) => metadata.deletionTimestamp !== undefined);
    await vi.waitFor(() => expect(destroyed).toHaveBeenCalled());
    await plane().revisionDestroyed(old.metadata.uid);
    expect(await find("Revision", "old-00001")).toBeNull();
    await until<Service>("Service", "old", isReady);
    expect(await find("Revision", "old-00002")).not.toBeNull();
    destroyed.mockRestore();
  });

  test("deletes a revision at the moment when it is unused for too long, and nobody has to ask", async () => {
    const destroyed = vi.spyOn(RevisionObject.prototype, "destroy").mockImplementation(async () => {});
    const limits = { "retain-since-create-time": "1s", "retain-since-last-active-time": "2s" };
    await configure("config-gc", { ...limits, "min-non-active-revisions": "0" });
    const { metadata } = await applyTwice("aging");
    expect(metadata.deletionTimestamp).toBeUndefined();
    const gone = await until<Revision>("Revision", "aging-00001", (object) => !!object.metadata.deletionTimestamp);
    const unusedSinceMs = Date.parse(metadata.annotations?.["serving.knative.dev/routingStateModified"] ?? "");
    const unusedMs = Date.parse(gone.metadata.deletionTimestamp ?? "") - unusedSinceMs;
    expect(unusedMs).toBeGreaterThanOrEqual(2_000);
    destroyed.mockRestore();
  });

  test("leaves a revision with no-gc alone until the annotation goes", async () => {
    const destroyed = vi.spyOn(RevisionObject.prototype, "destroy").mockImplementation(async () => {});
    await applyTwice("pinned");
    const key = { kind: "Revision", namespace: "default", name: "pinned-00001" } as const;
    const annotate = (value: string | null) => {
      const body = { metadata: { annotations: { "serving.knative.dev/no-gc": value } } };
      return plane().patchObject(key, { type: "merge", body }, WRITE);
    };
    expect((await annotate("true")).ok).toBe(true);
    await configure("config-gc", AT_ONCE);
    await applyTwice("other");
    await until<Revision>("Revision", "other-00001", ({ metadata }) => metadata.deletionTimestamp !== undefined);
    expect((await find<Revision>("Revision", "pinned-00001"))?.metadata.deletionTimestamp).toBeUndefined();
    expect((await annotate(null)).ok).toBe(true);
    await until<Revision>("Revision", "pinned-00001", ({ metadata }) => metadata.deletionTimestamp !== undefined);
    destroyed.mockRestore();
  });
});
