import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import type { ControlPlaneRpc } from "../../../src/core/protocol/control-plane.ts";
import type { ObjectNamespace } from "../../../src/core/protocol/objects.ts";
import { findCondition } from "../../../src/core/resource/conditions.ts";
import { AgentRegistry } from "../../../src/durable/control-plane/agent-registry.ts";
import { drainSlice } from "../../../src/durable/control-plane/drain.ts";
import { Engine } from "../../../src/durable/control-plane/engine.ts";
import { World } from "../../../src/durable/control-plane/world.ts";

const { CONTROL_PLANE } = env as unknown as { readonly CONTROL_PLANE: ObjectNamespace<ControlPlaneRpc> };

test("the alarm finishes what was stored when the object was lost before its next turn", async () => {
  const plane = CONTROL_PLANE.getByName("lost");
  await plane.listAgents();
  await runInDurableObject(plane as never, async (_, state) => {
    // What a crash leaves: a key in `dirty`, an alarm, and nobody who was kicked.
    const world = new World(state.storage.sql, { defaultDomain: "apps.test", settleMs: 0 });
    world.apply(
      {
        type: "create",
        draft: {
          apiVersion: "serving.knative.dev/v1",
          kind: "Configuration",
          metadata: { name: "left", namespace: "default" },
          spec: { template: { spec: { containers: [{ image: "a/b" }] } } },
        },
      },
      Date.now(),
    );
    await state.storage.setAlarm(Date.now() + 60_000);
  });
  expect(await runDurableObjectAlarm(plane as never)).toBe(true);
  const revision = await plane.getObject({ kind: "Revision", namespace: "default", name: "left-00001" });
  expect(revision.ok).toBe(true);
});

test("routes follow the suffix of public hosts, whether the environment changes it at a start or ConfigMap config-domain", async () => {
  await runInDurableObject(CONTROL_PLANE.getByName("moving") as never, async (_, state) => {
    const startWith = (defaultDomain: string) => new World(state.storage.sql, { defaultDomain, settleMs: 0 });
    const urlsAfterDrain = (world: World) => {
      drainSlice(state.storage, world, Date.now());
      return ["one", "two"].map((name) => world.objects.get("Route", "default", name)?.status?.url);
    };
    const urls = (domain: string) => ["one", "two"].map((name) => `http://${name}.default.${domain}`);

    const first = startWith("apps.test");
    for (const name of ["one", "two"]) {
      const metadata = { name, namespace: "default" };
      const draft = { apiVersion: "serving.knative.dev/v1", kind: "Route" as const, metadata, spec: { traffic: [] } };
      first.apply({ type: "create", draft }, Date.now());
    }
    expect(urlsAfterDrain(first)).toEqual(urls("apps.test"));

    const second = startWith("other.test");
    expect(urlsAfterDrain(second)).toEqual(urls("other.test"));
    expect(second.queue.peek()).toBeNull();

    const find = () => second.objects.get("ConfigMap", "knative-serving", "config-domain");
    const seeded = find();
    if (seeded !== null) second.objects.put({ ...seeded, data: { "live.test": "" } }, seeded, Date.now());
    expect(urlsAfterDrain(second)).toEqual(urls("live.test"));
    const stored = find();
    if (stored !== null) second.delete(stored, Date.now());
    expect(urlsAfterDrain(second)).toEqual(urls("other.test"));
  });
});

test("Routes and DomainMappings follow the host of the API, which they cannot have", async () => {
  await runInDurableObject(CONTROL_PLANE.getByName("control-host") as never, async (_, state) => {
    const startWith = (controlHost: string) => {
      const world = new World(state.storage.sql, { defaultDomain: "apps.test", settleMs: 0, controlHost });
      drainSlice(state.storage, world, Date.now());
      return world;
    };
    const world = startWith("api.test");
    const targets = [{ revisionName: "none", percent: 100 }];
    const ref = { apiVersion: "serving.knative.dev/v1", kind: "Service", name: "shop" };
    for (const [kind, name, spec] of [
      ["Route", "shop", { traffic: targets }],
      ["DomainMapping", "shop.org", { ref }],
    ] as const) {
      const apiVersion = "serving.knative.dev/v1";
      const draft = { apiVersion, kind, metadata: { name, namespace: "default" }, spec };
      world.apply({ type: "create", draft }, Date.now());
    }
    drainSlice(state.storage, world, Date.now());
    const conditionOf = (kind: "Route" | "DomainMapping", name: string, type: string) =>
      findCondition(world.objects.get(kind, "default", name)?.status, type);
    expect(conditionOf("DomainMapping", "shop.org", "DomainClaimed")?.status).toBe("True");

    startWith("shop.org");
    expect(conditionOf("DomainMapping", "shop.org", "DomainClaimed")).toMatchObject({
      ...{ status: "False", reason: "DomainAlreadyClaimed", message: "The domain name is the host of the API" },
    });
    startWith("shop.default.apps.test");
    expect(conditionOf("DomainMapping", "shop.org", "DomainClaimed")?.status).toBe("True");
    expect(conditionOf("Route", "shop", "IngressReady")).toMatchObject({
      status: "False",
      reason: "InvalidDomainName",
    });
  });
});

test("a suffix from the environment that is no DNS name gives no public hosts", async () => {
  await runInDurableObject(CONTROL_PLANE.getByName("nameless") as never, async (_, state) => {
    const told = vi.spyOn(console, "error").mockImplementation(() => {});
    const world = new World(state.storage.sql, { defaultDomain: "Foo Bar", settleMs: 0 });
    expect(world.settings(0).config.domain).toEqual([{ domain: "svc.cluster.local", selector: {} }]);
    expect(told).toHaveBeenCalledWith(expect.stringContaining('DEFAULT_DOMAIN "Foo Bar" is no DNS name'));
    told.mockRestore();
  });
});

test("with several gateways a delivered entry counts only after they let go of the old one", async () => {
  await runInDurableObject(CONTROL_PLANE.getByName("settling") as never, async (_, state) => {
    const world = new World(state.storage.sql, { defaultDomain: "apps.test", settleMs: 6_000 });
    const putEntries = vi.fn(async () => {});
    // The object itself has an engine too, without a settling time: neither its first turn (over after the next one of the
    // event loop) nor its alarm may finish this one's work.
    await new Promise((resolve) => setTimeout(resolve, 0));
    const storage = {
      sql: state.storage.sql,
      transactionSync: <T>(change: () => T) => state.storage.transactionSync(change),
      setAlarm: async () => {},
      deleteAlarm: async () => {},
    } as unknown as DurableObjectStorage;
    const receivers = {
      REVISION: { getByName: () => ({ applyOrder: async () => {} }) as never },
      ROUTES: { getByName: () => ({ putEntries }) as never },
    };
    const engine = new Engine(storage, world, new AgentRegistry(state.storage.sql), receivers, () => {});
    const ready = { observedGeneration: 1, conditions: [{ type: "Ready", status: "True" as const }] };
    const meta = (name: string) => ({ name, namespace: "default" });
    const apiVersion = "serving.knative.dev/v1";
    engine.transact((nowMs) => {
      const spec = { containers: [{ image: "a/b" }] };
      world.apply({ type: "create", draft: { apiVersion, kind: "Revision", metadata: meta("solo"), spec } }, nowMs);
      const revision = world.objects.get("Revision", "default", "solo");
      world.revisions.recordObservation({
        revisionUid: revision?.metadata.uid ?? "",
        sequence: 1,
        desiredScale: 0,
        actualScale: 0,
        isInitialized: true,
        active: { status: "False", reason: "NoTraffic", message: "" },
        failure: null,
      });
      const traffic = [{ revisionName: "solo", latestRevision: false, percent: 100 }];
      const draft = { apiVersion, kind: "Route" as const, metadata: meta("way"), spec: { traffic }, status: ready };
      world.apply({ type: "create", draft }, nowMs);
    });
    await vi.waitFor(() => expect(putEntries).toHaveBeenCalled());
    await vi.waitFor(() => expect(world.queue.nextWakeMs()).not.toBeNull());
    const ingress = () =>
      world.objects
        .get("Route", "default", "way")
        ?.status?.conditions?.find((condition) => condition.type === "IngressReady")?.status;
    expect(ingress()).toBe("Unknown");
    const dueMs = world.queue.nextWakeMs() ?? 0;
    expect(dueMs - Date.now()).toBeGreaterThan(5_000);

    const clock = vi.spyOn(Date, "now").mockReturnValue(dueMs);
    engine.alarm();
    clock.mockRestore();
    expect(ingress()).toBe("True");
  });
});
