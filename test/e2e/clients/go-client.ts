/**
 * What Knative's own Go test programs do with their typed client: whole objects in, JSON patches made of two objects, and
 * polling until an object is in a state.
 * Source: serving/test/v1, serving/test/conformance/api/v1/util.go
 */
import { createPatch } from "rfc6902";
import { until } from "../harness/until.ts";
import { asGoEncodes, isReady, type KnativeObject, type StringMap } from "./objects.ts";
import { collectionOf, type Plural, StatusError, type Wire } from "./wire.ts";

/** The Go programs poll each second for ten minutes. */
const POLL = { everyMs: 100, timeoutMs: 30_000 };

export type Change = (object: KnativeObject) => KnativeObject;
export type State = (object: KnativeObject) => boolean;

export class GoClient {
  readonly #wire: Wire;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  create(plural: Plural, object: KnativeObject): Promise<KnativeObject> {
    return this.#wire.request("POST", collectionOf(plural, object.metadata.namespace), asGoEncodes(object));
  }

  get(plural: Plural, name: string, namespace = "default"): Promise<KnativeObject> {
    return this.#wire.request("GET", `${collectionOf(plural, namespace)}/${name}`);
  }

  async list(plural: Plural, query = ""): Promise<readonly KnativeObject[]> {
    return (await this.#wire.request<{ items: KnativeObject[] }>("GET", `${collectionOf(plural)}?${query}`)).items;
  }

  update(plural: Plural, object: KnativeObject): Promise<KnativeObject> {
    const { name, namespace } = object.metadata;
    return this.#wire.request("PUT", `${collectionOf(plural, namespace)}/${name}`, asGoEncodes(object));
  }

  /** Sends what `change` does to `object`, which may be older than what the server has. */
  patch(plural: Plural, object: KnativeObject, change: Change): Promise<KnativeObject> {
    const { name, namespace } = object.metadata;
    const patch = createPatch(asGoEncodes(object), asGoEncodes(change(object)));
    const path = `${collectionOf(plural, namespace)}/${name}`;
    return this.#wire.request("PATCH", path, patch, "application/json-patch+json");
  }

  async delete(plural: Plural, name: string, namespace = "default"): Promise<void> {
    await this.#wire.request("DELETE", `${collectionOf(plural, namespace)}/${name}`);
  }

  /** @throws with the object's last state when the time is up, and at once when it cannot be read */
  async waitFor(plural: Plural, name: string, isInState: State, namespace = "default"): Promise<KnativeObject> {
    let last: KnativeObject | null = null;
    const ask = async () => {
      last = await this.get(plural, name, namespace);
      return isInState(last) ? last : null;
    };
    return until(`${plural} ${name} as wished`, ask, POLL).catch((error: Error) => {
      if (error instanceof StatusError) throw error;
      throw new Error(`${error.message}; it is ${JSON.stringify(last)}`);
    });
  }

  async waitForGone(plural: Plural, name: string): Promise<void> {
    const isGone = (error: unknown) => error instanceof StatusError && error.reason === "NotFound";
    const ask = () =>
      this.get(plural, name).then(
        () => null,
        (error: unknown) => (isGone(error) ? true : Promise.reject(error)),
      );
    await until(`the end of ${plural} ${name}`, ask, POLL);
  }

  /** Creates a Service, waits until it is Ready, and reads all that it consists of. */
  async createReady(service: KnativeObject): Promise<Resources> {
    const created = await this.create("services", service);
    await this.waitFor("services", nameOf(created), isReady);
    return this.resources(nameOf(created));
  }

  async resources(name: string): Promise<Resources> {
    const service = await this.get("services", name);
    const [route, configuration] = await Promise.all([this.get("routes", name), this.get("configurations", name)]);
    const revision = await this.get("revisions", service.status?.latestCreatedRevisionName ?? "");
    return { service, route, configuration, revision };
  }

  /** First a newer revision than `before` is created, then exactly that one is ready. @returns its name */
  async waitForNextRevision(plural: "services" | "configurations", name: string, before: string): Promise<string> {
    const isNext: State = ({ status }) => (status?.latestCreatedRevisionName ?? before) !== before;
    const { status } = await this.waitFor(plural, name, isNext);
    const next = status?.latestCreatedRevisionName ?? "";
    await this.waitFor(plural, name, (object) => object.status?.latestReadyRevisionName === next);
    return next;
  }
}

export type Resources = {
  readonly service: KnativeObject;
  readonly route: KnativeObject;
  readonly configuration: KnativeObject;
  readonly revision: KnativeObject;
};

export function nameOf({ metadata }: KnativeObject): string {
  return metadata.name ?? "";
}

/** Keys taken away are those whose value is null. */
export function merged(map: StringMap | undefined, changes: Readonly<Record<string, string | null>>): StringMap {
  const entries = Object.entries({ ...map, ...changes });
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== null));
}
