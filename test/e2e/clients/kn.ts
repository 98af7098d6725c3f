/**
 * kn, request by request, as release 1.9 was seen on the wire and reads in its sources.
 * Source: client/pkg/serving/v1/client.go and apply.go, client/pkg/kn/commands/service, client/pkg/wait
 */
import { setTimeout as delay } from "node:timers/promises";
import { applied, applyPatch } from "./kn-apply.ts";
import { asGoEncodes, type Condition, condition, type KnativeObject } from "./objects.ts";
import { collectionOf, type Plural, StatusError, type WatchEvent, type Wire } from "./wire.ts";

const KEPT_BY_FORCE = ["serving.knative.dev/creator", "serving.knative.dev/lastModifier"];
const MAX_RETRIES = 3;
const RETRY_MS = 50;
/** kn's own default is ten minutes. */
const TIMEOUT_MS = 30_000;
/** `--wait-window`: how long Ready may be False before that counts. */
const ERROR_WINDOW_MS = 2_000;

export class Kn {
  readonly #wire: Wire;
  readonly namespace: string;
  readonly #onReady: (ready: Condition) => void;

  /** @param onReady told each condition Ready that a wait goes by */
  constructor(wire: Wire, namespace = "default", onReady: (ready: Condition) => void = () => {}) {
    this.#wire = wire;
    this.namespace = namespace;
    this.#onReady = onReady;
  }

  get(plural: Plural, name: string): Promise<KnativeObject> {
    return this.#wire.request("GET", this.#path(plural, name));
  }

  /** `service create`: null when it is there and nothing says that it may be replaced. */
  async create(service: KnativeObject, { force = false } = {}): Promise<KnativeObject | null> {
    const name = service.metadata.name ?? "";
    if (!(await this.#exists(name))) {
      await this.#wire.request("POST", this.#path("services"), asGoEncodes(service));
      return this.waitForReady(name);
    }
    if (!force) return null;
    await this.#retried(async () => {
      const { metadata } = await this.get("services", name);
      const kept = KEPT_BY_FORCE.flatMap((key) => {
        const value = metadata.annotations?.[key];
        return value === undefined ? [] : [[key, value] as const];
      });
      const annotations = { ...service.metadata.annotations, ...Object.fromEntries(kept) };
      const { resourceVersion = "" } = metadata;
      await this.#put({ ...service, metadata: { ...service.metadata, annotations, resourceVersion } });
    });
    return this.waitForReady(name);
  }

  /** `service update`: what `change` makes of the object, whole and with its status. @returns the reply, and it Ready */
  async update(
    name: string,
    change: (service: KnativeObject) => KnativeObject,
  ): Promise<[KnativeObject, KnativeObject]> {
    const reply = await this.#retried(async () => {
      const service = await this.get("services", name);
      const latest = service.status?.latestCreatedRevisionName;
      if (latest !== undefined) await this.get("revisions", latest);
      if (service.metadata.deletionTimestamp !== undefined) throw new Error(`${name} has been marked for deletion`);
      return this.#put(change(service));
    });
    return [reply, await this.waitForReady(name)];
  }

  /** `service apply`: a merge patch of three sides; changed is what has a generation that is not observed yet. */
  async apply(service: KnativeObject): Promise<"created" | "changed" | "no changes"> {
    const name = service.metadata.name ?? "";
    const wanted = applied(service);
    const current = await this.get("services", name).catch(unlessNotFound);
    if (current === null) {
      await this.#wire.request("POST", this.#path("services"), asGoEncodes(wanted));
      await this.waitForReady(name);
      return "created";
    }
    const patch = applyPatch(wanted, current);
    if (patch === null) return "no changes";
    const path = this.#path("services", name);
    const saved = await this.#wire.request("PATCH", path, patch, "application/merge-patch+json");
    if (saved.metadata.generation === saved.status?.observedGeneration) return "no changes";
    await this.waitForReady(name);
    return "changed";
  }

  /** `service delete --wait`, `revision delete --wait`: the watch and the DELETE race; `order` says who is first. */
  async deleteAndWait(name: string, order: "watch" | "delete" | "both", plural: Plural = "services"): Promise<void> {
    const { metadata } = await this.get(plural, name);
    const deletion = () =>
      this.#wire.request("DELETE", this.#path(plural, name), {
        ...{ kind: "DeleteOptions", apiVersion: "serving.knative.dev/v1" },
        ...(plural === "services" ? { propagationPolicy: "Foreground" } : {}),
      });
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const open = () => this.#watch(plural, name, metadata.resourceVersion ?? "", signal);
    if (order === "delete") await deletion();
    const events = open();
    if (order === "watch") await events;
    await Promise.all([order === "delete" ? null : deletion(), untilDeleted(await events)]);
    over.abort();
  }

  async delete(plural: Plural, name: string): Promise<void> {
    await this.get(plural, name);
    await this.#wire.request("DELETE", this.#path(plural, name));
  }

  /** `revision list -s`, and what `describe -v` and `export --with-revisions` ask. */
  async revisionsOf(service: string): Promise<readonly KnativeObject[]> {
    const query = `labelSelector=serving.knative.dev%2Fservice%3D${service}`;
    return (await this.#wire.request<{ items: KnativeObject[] }>("GET", `${this.#path("revisions")}?${query}`)).items;
  }

  /** `service import`: the Service, and each revision of old as its Configuration's own. */
  async import(service: KnativeObject, revisions: readonly KnativeObject[]): Promise<KnativeObject> {
    const name = service.metadata.name ?? "";
    if (await this.#exists(name)) throw new Error(`cannot import service '${name}' because the service already exists`);
    await this.#wire.request("POST", this.#path("services"), asGoEncodes(service));
    const { metadata } = await this.#retried(() => this.get("configurations", name), "NotFound");
    const owner = { apiVersion: "serving.knative.dev/v1", kind: "Configuration", name, uid: metadata.uid };
    const ownerReferences = [{ ...owner, controller: true, blockOwnerDeletion: true }];
    for (const revision of revisions) {
      const owned = { ...revision, metadata: { ...revision.metadata, ownerReferences } };
      await this.#wire.request("POST", this.#path("revisions"), asGoEncodes(owned));
    }
    return this.waitForReady(name);
  }

  /** `domain create`: kn 1.9 knows v1alpha1 only. */
  async mapDomain(domain: string, service: string): Promise<KnativeObject> {
    await this.get("services", service);
    const apiVersion = "serving.knative.dev/v1alpha1";
    const ref = { kind: "Service", namespace: this.namespace, name: service, apiVersion: "serving.knative.dev/v1" };
    const metadata = { name: domain, namespace: this.namespace, creationTimestamp: null };
    const body = { kind: "DomainMapping", apiVersion, metadata, spec: { ref }, status: {} };
    return this.#wire.request("POST", collectionOf("domainmappings", this.namespace, apiVersion), body);
  }

  /**
   * Only MODIFIED counts, and only when its status is about its present generation. True ends it; False ends it when that has
   * lasted for the window, whatever comes in between but True. When the watch closes, it is opened again where it began.
   */
  async waitForReady(name: string): Promise<KnativeObject> {
    const { metadata } = await this.get("services", name);
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    let failure = "";
    let failureTimer: NodeJS.Timeout | undefined;
    try {
      for (;;) {
        for await (const { type, object } of await this.#watch(
          "services",
          name,
          metadata.resourceVersion ?? "",
          signal,
        )) {
          if (type !== "MODIFIED" || object.status?.observedGeneration !== object.metadata.generation) continue;
          const ready = condition(object, "Ready");
          if (ready !== undefined) this.#onReady(ready);
          if (ready?.status === "True") return await this.get("services", name);
          if (ready?.status !== "False" || failureTimer !== undefined) continue;
          failure = `${ready.reason}: ${ready.message}`;
          failureTimer = setTimeout(() => over.abort(), ERROR_WINDOW_MS);
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new Error(failure !== "" ? failure : `timeout: service '${name}' not ready`);
    } finally {
      clearTimeout(failureTimer);
      over.abort();
    }
  }

  #watch(plural: Plural, name: string, version: string, signal: AbortSignal): Promise<AsyncIterable<WatchEvent>> {
    const query = `fieldSelector=metadata.name%3D${name}&resourceVersion=${version}&timeout=10m30s&timeoutSeconds=630`;
    return this.#wire.watch(this.#path(plural), query, signal);
  }

  #put(service: KnativeObject): Promise<KnativeObject> {
    return this.#wire.request("PUT", this.#path("services", service.metadata.name), asGoEncodes(service));
  }

  async #exists(name: string): Promise<boolean> {
    return (await this.get("services", name).catch(unlessNotFound)) !== null;
  }

  async #retried<T>(attempt: () => Promise<T>, reason = "Conflict"): Promise<T> {
    for (let retries = 0; ; retries += 1) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof StatusError) || error.reason !== reason || retries === MAX_RETRIES) throw error;
        await delay(RETRY_MS);
      }
    }
  }

  #path(plural: Plural, name?: string): string {
    return `${collectionOf(plural, this.namespace)}${name === undefined ? "" : `/${name}`}`;
  }
}

function unlessNotFound(error: unknown): null {
  if (error instanceof StatusError && error.reason === "NotFound") return null;
  throw error;
}

async function untilDeleted(events: AsyncIterable<WatchEvent>): Promise<void> {
  for await (const { type } of events) if (type === "DELETED") return;
  throw new Error("the watch closed before it told of the deletion");
}
