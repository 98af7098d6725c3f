/** Requests of the API server for objects: find, let core admit, store. Refusals are values. */
import { dns1035LabelProblem } from "../../core/name.ts";
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
  admitUpdate,
  type NewIdentity,
} from "../../core/resource/admit.ts";
import {
  type ApiStatus,
  alreadyExists,
  conflict,
  deleted,
  failure,
  namespaceTerminating,
  notFound,
} from "../../core/resource/api-status.ts";
import { jsonEqual, mergePatch } from "../../core/resource/json.ts";
import { LASTING_NAMESPACES, NAMESPACE_STATUS } from "../../core/resource/namespace.ts";
import type { KindName, KubeObject, ObjectKey } from "../../core/resource/object.ts";
import { represent, type WireObject } from "../../core/resource/representation.ts";
import { RESOURCE_TYPES, storedType } from "../../core/resource/resource-type.ts";
import type { Engine } from "./engine.ts";
import { applyJsonPatch } from "./json-patch.ts";
import { listPage } from "./list-page.ts";
import type { World } from "./world.ts";
import { parseYaml } from "./yaml.ts";

/** A row of SQLite holds 2 MB in production: the object, and in the event log the labels that it had before. */
const MAX_OBJECT_BYTES = 1_500_000;
/** Of a selection, so many go in one transaction; others have their turn in between. */
const DELETED_AT_ONCE = 100;

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
    return listPage(this.#world.objects, query);
  }

  create(kind: KindName, namespace: string, body: unknown, options: WriteOptions): Outcome<KubeObject> {
    const type = storedType(kind, options.apiVersion);
    const context = this.#context(options);
    const admission = admitCreate(type, namespace, body, newIdentity(), context);
    if (!admission.ok) return admission;
    const { name } = admission.object.metadata;
    const existing = this.#find({ kind, namespace, name });
    if (existing !== null) return refused(alreadyExists(type, name, existing.metadata.deletionTimestamp !== undefined));
    if (this.#world.isTerminating(namespace)) return refused(namespaceTerminating(type, name, namespace));
    const home = this.#missingNamespace(namespace, context);
    if (home !== null && !home.ok) return home;
    const object = kind === "Namespace" ? { ...admission.object, status: NAMESPACE_STATUS } : admission.object;
    return this.#save(object, null, options.isDryRun, home === null ? [] : [home.object]);
  }

  replace(key: ObjectKey, body: unknown, options: WriteOptions): Outcome<KubeObject> {
    return this.#update(key, options, (stored, context) =>
      admitUpdate(storedType(key.kind, options.apiVersion), stored, body, context),
    );
  }

  patch(key: ObjectKey, patch: Patch, options: WriteOptions): Outcome<KubeObject> {
    return this.#update(key, options, (stored, context) => {
      const type = storedType(key.kind, options.apiVersion);
      const patched = patchedObject(represent(type, stored), patch);
      return patched.ok ? admitUpdate(type, stored, patched.value, context) : patched;
    });
  }

  delete(key: ObjectKey, options: DeleteOptions): Outcome<KubeObject | ApiStatus> {
    const object = this.#find(key);
    if (object === null) return absent(key);
    const refusal = refusalToDelete(object, options);
    if (refusal !== null) return refused(refusal);
    const gone = deleted(RESOURCE_TYPES[key.kind], key.name, object.metadata.uid);
    if (options.isDryRun) return { ok: true, value: gone };
    this.#engine.transact((nowMs) => this.#delete(object, options, nowMs));
    return { ok: true, value: this.#find(key) ?? gone };
  }

  deleteSelected(query: ListQuery, options: DeleteOptions): Outcome<ObjectList> {
    const page = listPage(this.#world.objects, { ...query, limit: DELETED_AT_ONCE });
    if (!page.ok) return page;
    const items = page.value.items.filter((object) => refusalToDelete(object, options) === null);
    if (!options.isDryRun) {
      this.#engine.transact((nowMs) => {
        for (const object of items) this.#delete(object, options, nowMs);
      });
    }
    return { ok: true, value: { ...page.value, items } };
  }

  /** Of a selection, one may have taken another along. */
  #delete({ metadata }: KubeObject, { propagation }: DeleteOptions, nowMs: number): void {
    const object = this.#world.objects.getByUid(metadata.uid);
    if (object !== null) this.#world.delete(object, nowMs, propagation);
  }

  /** A namespace comes into being with its first object. null = it is there, or the kind has none. */
  #missingNamespace(name: string, context: AdmissionContext): Admission | null {
    if (name === "" || this.#find({ kind: "Namespace", namespace: "", name }) !== null) return null;
    const problem = dns1035LabelProblem(name);
    if (problem !== null)
      return refused(failure("BadRequest", `invalid value: ${name}: metadata.namespace\n${problem}`));
    const body = { metadata: { name } };
    const admission = admitCreate(RESOURCE_TYPES.Namespace, "", body, newIdentity(), { ...context, isStrict: false });
    return admission.ok ? { ok: true, object: { ...admission.object, status: NAMESPACE_STATUS } } : admission;
  }

  #find({ kind, namespace, name }: ObjectKey): KubeObject | null {
    return this.#world.objects.get(kind, namespace, name);
  }

  #context({ user, isStrict }: WriteOptions): AdmissionContext {
    const { config, controlHost, objects } = this.#world;
    const find = (uid: string) => objects.getByUid(uid);
    return { user, isStrict, nowMs: Date.now(), config: config.read(), parseYaml, controlHost, find };
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

  /** @param first objects that must be there before this one */
  #save(
    object: KubeObject,
    before: KubeObject | null,
    isDryRun: boolean,
    first: readonly KubeObject[] = [],
  ): Outcome<KubeObject> {
    if (new TextEncoder().encode(JSON.stringify(object)).byteLength > MAX_OBJECT_BYTES) {
      return refused(failure("RequestEntityTooLarge", `the object is larger than ${MAX_OBJECT_BYTES} bytes`));
    }
    const isUnchanged = before !== null && jsonEqual(before, object);
    if (isDryRun || isUnchanged) return { ok: true, value: object };
    const stored = this.#engine.transact((nowMs) => {
      for (const made of first) this.#world.objects.put(made, null, nowMs);
      return this.#world.save(object, before, nowMs);
    });
    return { ok: true, value: stored };
  }
}

function newIdentity(): NewIdentity {
  return { uid: crypto.randomUUID(), random: Array.from({ length: 5 }, Math.random) };
}

function patchedObject(object: WireObject, patch: Patch): Outcome<unknown> {
  if (patch.type === "merge") return { ok: true, value: mergePatch(object, patch.body) };
  return applyJsonPatch(object, Array.isArray(patch.body) ? patch.body : []);
}

function refusalToDelete(object: KubeObject, options: DeleteOptions): ApiStatus | null {
  const type = RESOURCE_TYPES[object.kind];
  const { name, uid, resourceVersion } = object.metadata;
  if (options.uid !== "" && options.uid !== uid) {
    return conflict(type, name, `Precondition failed: UID in precondition: ${options.uid}, UID in object meta: ${uid}`);
  }
  if (options.resourceVersion !== "" && options.resourceVersion !== resourceVersion) {
    const versions = `in precondition: ${options.resourceVersion}, ResourceVersion in object meta: ${resourceVersion}`;
    return conflict(type, name, `Precondition failed: ResourceVersion ${versions}`);
  }
  if (object.kind !== "Namespace" || !LASTING_NAMESPACES.includes(name)) return null;
  return failure("Forbidden", `namespaces ${JSON.stringify(name)} is forbidden: this namespace may not be deleted`);
}

function absent({ kind, name }: ObjectKey): Outcome<never> {
  return refused(notFound(RESOURCE_TYPES[kind], name));
}

function refused(status: ApiStatus): { readonly ok: false; readonly status: ApiStatus } {
  return { ok: false, status };
}
