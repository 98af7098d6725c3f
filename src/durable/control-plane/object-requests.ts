/** Requests of the API server for objects: find, let core admit, store. Refusals are values. */
import type {
  DeleteOptions,
  ListQuery,
  ObjectList,
  Outcome,
  Patch,
  WriteOptions,
} from "../../core/protocol/control-plane.ts";
import {
  type Admission,
  type AdmissionContext,
  admitCreate,
  admitPatch,
  admitUpdate,
} from "../../core/resource/admit.ts";
import { type ApiStatus, alreadyExists, conflict, deleted, failure, notFound } from "../../core/resource/api-status.ts";
import { jsonEqual, mergePatch } from "../../core/resource/json.ts";
import type { KindName, KubeObject, ObjectKey } from "../../core/resource/object.ts";
import { RESOURCE_TYPES, storedType } from "../../core/resource/resource-type.ts";
import { parseFieldSelector, parseLabelSelector } from "../../core/resource/selector.ts";
import type { Engine } from "./engine.ts";
import type { World } from "./world.ts";

/** A row of SQLite holds 2 MB in production; an object is also written to the event log. */
const MAX_OBJECT_CHARS = 1_500_000;
const PRECONDITION_FAILED = "Precondition failed: the object is not the one that the request names";

export class ObjectRequests {
  readonly #world: World;
  readonly #engine: Engine;

  constructor(world: World, engine: Engine) {
    this.#world = world;
    this.#engine = engine;
  }

  get(key: ObjectKey): Outcome<KubeObject> {
    const object = this.#find(key);
    return object === null ? absent(key) : { ok: true, value: object };
  }

  list(query: ListQuery): Outcome<ObjectList> {
    const labels = parseLabelSelector(query.labelSelector);
    if (!labels.ok) return refused(failure("BadRequest", labels.message));
    const fields = parseFieldSelector(query.fieldSelector);
    if (!fields.ok) return refused(failure("BadRequest", fields.message));
    const items = this.#world.objects
      .list(query.kind, query.namespace)
      .filter((object) => labels.matches(object) && fields.matches(object));
    return { ok: true, value: { items, resourceVersion: this.#world.objects.resourceVersion() } };
  }

  create(kind: KindName, namespace: string, body: unknown, options: WriteOptions): Outcome<KubeObject> {
    const identity = { uid: crypto.randomUUID(), random: Array.from({ length: 5 }, Math.random) };
    const type = storedType(kind, options.apiVersion);
    const admission = admitCreate(type, namespace, body, identity, this.#context(options));
    if (!admission.ok) return admission;
    const { name } = admission.object.metadata;
    if (this.#find({ kind, namespace, name }) !== null) return refused(alreadyExists(type, name));
    return this.#save(admission.object, null, options.isDryRun);
  }

  replace(key: ObjectKey, body: unknown, options: WriteOptions): Outcome<KubeObject> {
    return this.#update(key, options, (stored, context) =>
      admitUpdate(storedType(key.kind, options.apiVersion), stored, body, context),
    );
  }

  patch(key: ObjectKey, patch: Patch, options: WriteOptions): Outcome<KubeObject> {
    if (patch.type === "json") return refused(failure("UnsupportedMediaType", "JSON patch is not supported"));
    return this.#update(key, options, (stored, context) =>
      admitPatch(storedType(key.kind, options.apiVersion), stored, (object) => mergePatch(object, patch.body), context),
    );
  }

  delete(key: ObjectKey, options: DeleteOptions): Outcome<KubeObject | ApiStatus> {
    const object = this.#find(key);
    if (object === null) return absent(key);
    const type = RESOURCE_TYPES[key.kind];
    const { uid, resourceVersion } = object.metadata;
    const isOther = (wanted: string, actual: string) => wanted !== "" && wanted !== actual;
    if (isOther(options.uid, uid) || isOther(options.resourceVersion, resourceVersion)) {
      return refused(conflict(type, key.name, PRECONDITION_FAILED));
    }
    if (options.isDryRun) return { ok: true, value: deleted(type, key.name, uid) };
    this.#engine.transact((nowMs) => this.#world.delete(object, nowMs));
    return { ok: true, value: this.#find(key) ?? deleted(type, key.name, uid) };
  }

  #find({ kind, namespace, name }: ObjectKey): KubeObject | null {
    return this.#world.objects.get(kind, namespace, name);
  }

  #context({ user, isStrict }: WriteOptions): AdmissionContext {
    const nowMs = Date.now();
    return { user, isStrict, nowMs, config: this.#world.settings(nowMs).config };
  }

  #update(
    key: ObjectKey,
    options: WriteOptions,
    admit: (stored: KubeObject, context: AdmissionContext) => Admission,
  ): Outcome<KubeObject> {
    const stored = this.#find(key);
    if (stored === null) return absent(key);
    const admission = admit(stored, this.#context(options));
    return admission.ok ? this.#save(admission.object, stored, options.isDryRun) : admission;
  }

  #save(object: KubeObject, before: KubeObject | null, isDryRun: boolean): Outcome<KubeObject> {
    if (JSON.stringify(object).length > MAX_OBJECT_CHARS) {
      return refused(failure("RequestEntityTooLarge", `the object is larger than ${MAX_OBJECT_CHARS} characters`));
    }
    const isUnchanged = before !== null && jsonEqual(before, object);
    if (isDryRun || isUnchanged) return { ok: true, value: object };
    return { ok: true, value: this.#engine.transact((nowMs) => this.#world.objects.put(object, before, nowMs)) };
  }
}

function absent({ kind, name }: ObjectKey): Outcome<never> {
  return refused(notFound(RESOURCE_TYPES[kind], name));
}

function refused(status: ApiStatus): { readonly ok: false; readonly status: ApiStatus } {
  return { ok: false, status };
}
