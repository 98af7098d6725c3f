/** Reconciles dirty keys until there are none, each in a transaction of its own with the writes it leads to. */
import type { Settings } from "../../core/reconcile/observed.ts";
import { reconcile } from "../../core/reconcile/reconcile.ts";
import { markUnobserved } from "../../core/reconcile/unobserved.ts";
import type { ObjectKey } from "../../core/resource/object.ts";
import type { World } from "./world.ts";

/** One turn of the event loop handles so many, then requests get their turn. */
const KEYS_PER_SLICE = 200;
/** A key that comes up more often in one slice is chasing its tail; it waits, so that the rest goes on. */
const MAX_VISITS_PER_SLICE = 20;
const SETBACK_MS = 5_000;

/** @returns whether keys, or children of owners that are gone, are left for another slice */
export function drainSlice(storage: DurableObjectStorage, world: World, nowMs: number): boolean {
  const visits = new Map<string, number>();
  // Only requests change the ConfigMaps behind it, and none runs inside a slice.
  const settings = world.settings(nowMs);
  storage.transactionSync(() => world.config.follow(settings.config));
  world.queue.wakeDue(nowMs);
  if (world.hasCascade) storage.transactionSync(() => world.continueCascade(nowMs));
  for (let count = 0; count < KEYS_PER_SLICE; count++) {
    const key = world.queue.peek();
    if (key === null) return world.hasCascade;
    const id = `${key.kind} ${key.namespace}/${key.name}`;
    const visit = (visits.get(id) ?? 0) + 1;
    visits.set(id, visit);
    if (visit > MAX_VISITS_PER_SLICE) {
      console.error(`control-plane: ${id} does not settle; tried again in ${SETBACK_MS} ms`);
      setBack(storage, world, key, nowMs);
    } else reconcileKey(storage, world, key, settings);
  }
  return world.queue.peek() !== null || world.hasCascade;
}

function reconcileKey(storage: DurableObjectStorage, world: World, key: ObjectKey, settings: Settings): void {
  try {
    storage.transactionSync(() => {
      world.queue.drop(key);
      const object = world.objects.get(key.kind, key.namespace, key.name);
      if (object === null) return;
      for (const write of reconcile(object, world.observed, settings)) world.apply(write, settings.nowMs);
    });
  } catch (error) {
    console.error(`control-plane: ${key.kind} ${key.namespace}/${key.name} could not be reconciled:`, error);
    setBack(storage, world, key, settings.nowMs);
    storage.transactionSync(() => {
      const object = world.objects.get(key.kind, key.namespace, key.name);
      for (const write of object === null ? [] : markUnobserved(object, settings.nowMs))
        world.apply(write, settings.nowMs);
    });
  }
}

function setBack(storage: DurableObjectStorage, world: World, key: ObjectKey, nowMs: number): void {
  storage.transactionSync(() => {
    world.queue.drop(key);
    world.queue.addAt(key, nowMs + SETBACK_MS);
  });
}
