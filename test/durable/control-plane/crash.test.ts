/** The control plane dies at every single step of a Service's life, and what comes of it is the same. */
import { expect, test } from "vitest";
import type { RevisionObservation } from "../../../src/core/protocol/objects.ts";
import { MortalPlane } from "../fakes/mortal-plane.ts";

const OPTIONS = { user: "tester", isDryRun: false, isStrict: false, apiVersion: "serving.knative.dev/v1" };
const DELETE = { isDryRun: false, propagation: "Background", uid: "", resourceVersion: "" } as const;
const SERVICE = { kind: "Service", namespace: "default", name: "mortal" } as const;

const specOf = (round: number) => ({
  template: { spec: { containers: [{ image: "dev.local/hello", env: [{ name: "ROUND", value: `${round}` }] }] } },
});

type Outcome = { readonly serving: unknown; readonly gone: unknown; readonly steps: number; readonly lives: number };

/** Creates, brings up, updates, brings up again and deletes a Service. @param diesAt null = undisturbed */
async function live(diesAt: number | null): Promise<Outcome> {
  let outcome: Outcome | null = null;
  await MortalPlane.run(`dies-${diesAt ?? "never"}`, diesAt, async (mortal) => {
    const created = await mortal.ask((plane) =>
      plane.createObject("Service", "default", { metadata: { name: "mortal" }, spec: specOf(1) }, OPTIONS),
    );
    // Asked again by a client that did not hear the answer.
    expect(created.ok || created.status.reason).toSatisfy((result) => result === true || result === "AlreadyExists");
    await mortal.settle();
    await bringUp(mortal, 1);
    const patch = { type: "merge", body: { spec: specOf(2) } } as const;
    expect((await mortal.ask((plane) => plane.patchObject(SERVICE, patch, OPTIONS))).ok).toBe(true);
    await mortal.settle();
    await bringUp(mortal, 2);
    const serving = picture(mortal);
    await sendOldMessages(mortal);
    expect(picture(mortal)).toEqual(serving);

    const deleted = await mortal.ask((plane) => plane.deleteObject(SERVICE, DELETE));
    expect(deleted.ok || deleted.status.reason).toSatisfy((result) => result === true || result === "NotFound");
    await mortal.settle();
    const gone = picture(mortal);
    await sendOldMessages(mortal);
    expect(picture(mortal)).toEqual(gone);
    outcome = { serving, gone, steps: mortal.steps, lives: mortal.lives };
  });
  if (outcome === null) throw new Error("the run had no end");
  return outcome;
}

async function bringUp(mortal: MortalPlane, round: number): Promise<void> {
  const uid = uidOf(mortal, `mortal-0000${round}`);
  await mortal.ask((plane) => plane.revisionObserved(observationOf(uid, 1, 0)));
  await mortal.settle();
  await mortal.ask((plane) => plane.revisionObserved(observationOf(uid, 2, 1)));
  await mortal.settle();
}

function observationOf(revisionUid: string, sequence: number, scale: number): RevisionObservation {
  return {
    ...{ revisionUid, sequence, desiredScale: 1, actualScale: scale, isInitialized: scale > 0, failure: null },
    active: { status: scale > 0 ? "True" : "Unknown", reason: "", message: "" },
  };
}

/** What was on its way when its sender was reset arrives after everything that came later. */
async function sendOldMessages(mortal: MortalPlane): Promise<void> {
  for (const [uid, order] of mortal.orders) {
    await mortal.ask((plane) => plane.revisionObserved(observationOf(uid, 1, 0)));
    if (order === null) await mortal.ask((plane) => plane.revisionDestroyed(uid));
    else mortal.applyOrder(uid, { ...order, sequence: order.sequence - 1, reachability: "Unknown" });
  }
  for (const change of mortal.entries.values())
    mortal.putEntry({ ...change, sequence: change.sequence - 1, entry: null });
  await mortal.settle();
}

/** Everything that lasts, here and in the other objects, without times, uids and numbers that only grow. */
function picture(mortal: MortalPlane): unknown {
  const names = new Map(
    mortal.query("SELECT uid, kind, name FROM objects").map(({ uid, kind, name }) => [String(uid), `${kind}/${name}`]),
  );
  const plain = (value: unknown): unknown => {
    if (typeof value === "string") return names.get(value) ?? value;
    if (Array.isArray(value)) return value.map(plain);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, member]) => (MOVING.test(key) ? [] : [[key, plain(member)]])),
    );
  };
  const bodies = mortal
    .query("SELECT body FROM objects WHERE namespace != 'knative-serving' ORDER BY kind, namespace, name")
    .map(({ body }) => JSON.parse(String(body)) as EventBody);
  const objects = bodies.filter(({ kind }) => kind !== "Event");
  const events = bodies.filter(({ kind }) => kind === "Event").map(tellEvent);
  // An entry's generation is its sequence.
  const entries = [...mortal.entries.values()].map(({ host, entry }) => {
    return { host, entry: entry === null ? null : { ...entry, generation: 0 } };
  });
  return {
    objects: plain(objects),
    events: events.sort(),
    hosts: plain(
      mortal.query("SELECT host, route_uid, delivered_at_ms IS NOT NULL AS isDelivered FROM hosts ORDER BY host"),
    ),
    entries: plain(entries.sort((a, b) => (a.host < b.host ? -1 : 1))),
    orders: plain([...mortal.orders].map(([uid, order]) => [names.get(uid) ?? "gone", order])),
    left: mortal.query("SELECT (SELECT count(*) FROM dirty) AS dirty, (SELECT count(*) FROM outbox) AS outbox"),
    rows: mortal.query(
      `SELECT (SELECT count(*) FROM orders) AS orders, (SELECT count(*) FROM observations) AS observations,
         (SELECT count(*) FROM owners) AS owners, (SELECT count(*) FROM refs) AS refs`,
    ),
  };
}

/** What is read of an object when it is an Event. */
type EventBody = {
  readonly kind: string;
  readonly involvedObject: { readonly kind: string; readonly name: string };
  readonly reason: string;
  readonly message: string;
  readonly count: number;
};

/** An event without its name, which is made up, and its times. */
function tellEvent({ involvedObject, reason, message, count }: EventBody): string {
  return `${involvedObject.kind}/${involvedObject.name} ${reason} ${count}x: ${message}`;
}

const MOVING =
  /^(creationTimestamp|deletionTimestamp|lastTransitionTime|resourceVersion|sequence|controlPlaneId)$|routingStateModified$/;

function uidOf(mortal: MortalPlane, revision: string): string {
  return String(mortal.query(`SELECT uid FROM objects WHERE kind = 'Revision' AND name = '${revision}'`)[0]?.uid);
}

test("a control plane that dies at any step of a Service's life ends where an undisturbed one does", async () => {
  const undisturbed = await live(null);
  expect(undisturbed.lives).toBe(1);
  expect(undisturbed.steps).toBeGreaterThan(100);
  console.log(`${undisturbed.steps} steps`);
  for (let step = 1; step <= undisturbed.steps; step++) {
    const { serving, gone, lives } = await live(step);
    expect(lives, `step ${step}`).toBe(2);
    expect(serving, `serving after a death at step ${step}`).toEqual(undisturbed.serving);
    expect(gone, `gone after a death at step ${step}`).toEqual(undisturbed.gone);
  }
}, 180_000);
