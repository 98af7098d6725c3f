/**
 * Random lives of Services, Routes and mappings: whatever happens and in whatever order keys are reconciled, the work ends,
 * nothing is left to write, and the outcome is the same.
 */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import type { ControlPlaneRpc } from "../../../src/core/protocol/control-plane.ts";
import type { ObjectNamespace } from "../../../src/core/protocol/objects.ts";
import type { Propagation } from "../../../src/core/reconcile/deletion.ts";
import { reconcile } from "../../../src/core/reconcile/reconcile.ts";
import { FINALIZER_PODS } from "../../../src/core/resource/annotations.ts";
import { type Draft, type KindName, keyOf, type ObjectKey } from "../../../src/core/resource/object.ts";
import { drainSlice } from "../../../src/durable/control-plane/drain.ts";
import { World } from "../../../src/durable/control-plane/world.ts";

const { CONTROL_PLANE } = env as unknown as { readonly CONTROL_PLANE: ObjectNamespace<ControlPlaneRpc> };

const LIVES = 25;
const STEPS = 14;
const NOW_MS = Date.UTC(2026, 0, 31, 12);
const NAMES = ["one", "two"];
const NAMESPACES = ["farm", "zoo"];

/** Numbers in [0, 1) that a seed decides (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Step =
  | { readonly type: "create"; readonly draft: Draft }
  | { readonly type: "delete"; readonly key: ObjectKey; readonly propagation: Propagation }
  | { readonly type: "settle" };

function stepOf(random: () => number): Step {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const kind = pick<KindName>(["Service", "Service", "Route", "DomainMapping", "Revision", "CoreService"]);
  const namespace = pick(NAMESPACES);
  const name = kind === "DomainMapping" ? "shop.org" : kind === "Revision" ? `${pick(NAMES)}-00001` : pick(NAMES);
  const choice = random();
  if (choice < 0.15) return { type: "settle" };
  if (choice < 0.45 || kind === "Revision" || kind === "CoreService") {
    return {
      type: "delete",
      key: { kind, namespace, name },
      propagation: pick(["Background", "Foreground", "Orphan"]),
    };
  }
  const target = pick(NAMES);
  const specs: Partial<Record<KindName, object>> = {
    Service: {
      template: { spec: { containers: [{ image: "a/b" }], timeoutSeconds: 300 } },
      traffic: [{ latestRevision: true, percent: 100, ...(random() < 0.5 ? { tag: "green" } : {}) }],
    },
    Route: { traffic: [{ configurationName: target, latestRevision: true, percent: 100 }] },
    DomainMapping: { ref: { apiVersion: "serving.knative.dev/v1", kind: "Service", name: target, namespace } },
  };
  const version = kind === "DomainMapping" ? "v1beta1" : "v1";
  const draft = {
    apiVersion: `serving.knative.dev/${version}`,
    kind,
    metadata: { name, namespace },
    spec: specs[kind],
  };
  return { type: "create", draft };
}

/** Reconciles until nothing is left, with other objects that do at once what they are told. */
function settle(storage: DurableObjectStorage, world: World): void {
  for (let round = 0; round < 100; round++) {
    while (drainSlice(storage, world, NOW_MS));
    const rows = world.outbox
      .takeTargets()
      .flatMap((target) => world.outbox.head(target, 1_000).map((row) => ({ target, row })));
    if (rows.length === 0) return;
    for (const { target, row } of rows) {
      world.outbox.delivered([row]);
      const { message } = row;
      if (message.type === "entry") {
        const owner = world.objects.getByUid(world.hosts.markDelivered(message.host, row.id, NOW_MS) ?? "");
        if (owner !== null) world.queue.add(keyOf(owner));
        continue;
      }
      const revision = world.objects.getByUid(target.name);
      if (revision === null) continue;
      if (message.type === "destroy") world.finalize(revision, FINALIZER_PODS, NOW_MS);
      else {
        world.revisions.recordObservation({
          ...{ revisionUid: target.name, sequence: row.id, desiredScale: 1, actualScale: 1, isInitialized: true },
          ...{ active: { status: "True", reason: "", message: "" }, failure: null },
        });
        world.queue.add(keyOf(revision));
      }
    }
  }
  throw new Error("the work does not end");
}

/** What is left, without the numbers and names that chance gives. */
function outcomeOf(world: World, storage: DurableObjectStorage): unknown[] {
  const uids = new Map<string, string>();
  const bodies = storage.sql
    .exec(
      "SELECT uid, kind, namespace, name, body FROM objects WHERE kind NOT IN ('Event', 'ConfigMap', 'Namespace') ORDER BY kind, namespace, name",
    )
    .toArray();
  for (const { uid, kind, namespace, name } of bodies) uids.set(String(uid), `${kind}/${namespace}/${name}`);
  const hosts = storage.sql.exec("SELECT host, route_uid, entry FROM hosts ORDER BY host").toArray();
  expect(world.queue.peek()).toBeNull();
  const text = JSON.stringify([bodies.map(({ body }) => JSON.parse(String(body))), hosts], (name, value) =>
    name === "resourceVersion" ? undefined : value,
  );
  const named = text.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (uid) => uids.get(uid) ?? "gone");
  return JSON.parse(named) as unknown[];
}

/** @param order which of the waiting keys is next */
async function live(steps: readonly Step[], name: string, order: () => number): Promise<unknown[]> {
  return runInDurableObject(CONTROL_PLANE.getByName(name) as never, async (_, { storage }) => {
    await new Promise((resolve) => setTimeout(resolve, 0));
    const world = new World(storage.sql, { defaultDomain: "apps.test", settleMs: 0 });
    world.queue.peek = () => {
      const rows = storage.sql.exec("SELECT kind, namespace, name FROM dirty ORDER BY kind, namespace, name").toArray();
      return (rows[Math.floor(order() * rows.length)] ?? null) as ObjectKey | null;
    };
    for (const step of steps) {
      if (step.type === "settle") settle(storage, world);
      if (step.type === "create") world.apply(step, NOW_MS);
      if (step.type === "delete") {
        const object = world.objects.get(step.key.kind, step.key.namespace, step.key.name);
        if (object !== null) world.delete(object, NOW_MS, step.propagation);
      }
    }
    settle(storage, world);
    for (const kind of ["Service", "Configuration", "Revision", "Route", "DomainMapping"] as const) {
      for (const { object } of [...world.objects.scan(kind, null, null)]) {
        const writes = reconcile(object, world.observed, world.settings(NOW_MS));
        const real = writes.filter(({ type }) => !["order", "wake", "await-host"].includes(type));
        expect(real, `${name}: ${kind} ${object.metadata.namespace}/${object.metadata.name}`).toEqual([]);
      }
    }
    return outcomeOf(world, storage);
  });
}

test("random lives end, at rest, and alike in any order", async () => {
  const complaints = vi.spyOn(console, "error").mockImplementation(() => {});
  for (let seed = 1; seed <= LIVES; seed++) {
    const random = randomOf(seed);
    const steps = Array.from({ length: STEPS }, () => stepOf(random)).flatMap((step) => [
      step,
      { type: "settle" as const },
    ]);
    const first = await live(steps, `life-${seed}-a`, () => 0);
    for (const [run, order] of [randomOf(seed * 7), randomOf(seed * 13)].entries()) {
      expect(await live(steps, `life-${seed}-${run}`, order), `seed ${seed}`).toEqual(first);
    }
  }
  expect(complaints.mock.calls).toEqual([]);
  complaints.mockRestore();
}, 60_000);

test("lives that nobody waits for end too", async () => {
  const complaints = vi.spyOn(console, "error").mockImplementation(() => {});
  for (let seed = 1; seed <= LIVES; seed++) {
    const random = randomOf(seed + 1_000);
    await live(
      Array.from({ length: 2 * STEPS }, () => stepOf(random)),
      `hasty-${seed}`,
      randomOf(seed),
    );
  }
  expect(complaints.mock.calls).toEqual([]);
  complaints.mockRestore();
}, 60_000);
