/**
 * What the API server asks of the ControlPlane object. Expected refusals are values: a Kubernetes Status that the API
 * server passes on. Objects and bodies are plain JSON.
 */

import type { ApiStatus } from "../resource/api-status.ts";
import type { KindName, KubeObject, ObjectKey } from "../resource/object.ts";
import type { RevisionFacts } from "../view/revision-facts.ts";
import type { AgentCapacity, AgentConnection, AgentSystem, ControlPlaneInbox } from "./objects.ts";

export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly status: ApiStatus };

export type WriteOptions = {
  /** Name of the user for creator and lastModifier; never empty. */
  readonly user: string;
  /** dryRun=All: everything is checked and nothing is kept. */
  readonly isDryRun: boolean;
  /** fieldValidation=Strict: unknown fields are refused instead of pruned. */
  readonly isStrict: boolean;
  /** The version in which the client speaks of the kind. */
  readonly apiVersion: string;
};

/**
 * A change to a stored object.
 *   merge   RFC 7396
 *   json    RFC 6902: a list of operations
 */
export type Patch = { readonly type: "merge" | "json"; readonly body: unknown };

export type DeleteOptions = {
  readonly isDryRun: boolean;
  /**
   *   Background  the object goes at once, what it owns after it
   *   Foreground  the object is marked and goes when nothing that it owns is left
   *   Orphan      what it owns stays, without it as owner
   */
  readonly propagation: "Background" | "Foreground" | "Orphan";
  /** Preconditions; "" = any. */
  readonly uid: string;
  readonly resourceVersion: string;
};

export type ListQuery = {
  readonly kind: KindName;
  /** null = all namespaces. */
  readonly namespace: string | null;
  readonly labelSelector: string;
  readonly fieldSelector: string;
  /** Items of a page at most; 0 leaves it to the store, which ends a page where it would be too large to send. */
  readonly limit: number;
  /** Where the page before ended; "" = the first. */
  readonly continueToken: string;
};

export type ObjectList = {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
  /** For the next page; "" = this was the last. */
  readonly continueToken: string;
};

export type AgentView = {
  readonly agentUid: string;
  readonly name: string;
  /** `NeverSeen` between join and the first hello. */
  readonly connection: AgentConnection | "NeverSeen";
  readonly drivers: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly capacity: AgentCapacity | null;
  readonly system?: AgentSystem;
  /** RFC 3339. */
  readonly joinedAt: string;
  readonly changedAt: string;
};

/** Revisions of a namespace (null = of all), perhaps of one name or those behind a place, or revisions of these uids. */
export type RevisionQuery =
  | {
      readonly by: "namespace";
      readonly namespace: string | null;
      readonly name?: string;
      readonly after?: { readonly namespace: string; readonly name: string };
    }
  | { readonly by: "uid"; readonly uids: readonly string[] };

export type RevisionPage = {
  readonly revisions: readonly RevisionFacts[];
  /** Asks for those that this page had no room for; null = there are none. */
  readonly rest: RevisionQuery | null;
};

export type JoinToken = { readonly token: string; readonly expiresAt: string };

export type ControlPlaneRpc = ControlPlaneInbox & {
  getObject(key: ObjectKey): Promise<Outcome<KubeObject>>;
  listObjects(query: ListQuery): Promise<Outcome<ObjectList>>;
  createObject(kind: KindName, namespace: string, body: unknown, options: WriteOptions): Promise<Outcome<KubeObject>>;
  replaceObject(key: ObjectKey, body: unknown, options: WriteOptions): Promise<Outcome<KubeObject>>;
  patchObject(key: ObjectKey, patch: Patch, options: WriteOptions): Promise<Outcome<KubeObject>>;
  /** @returns the object while a finalizer holds it, else a Status of success */
  deleteObject(key: ObjectKey, options: DeleteOptions): Promise<Outcome<KubeObject | ApiStatus>>;
  /** Deletes a part of a selection, from `continueToken` on, whatever its limit. @returns the objects as they were */
  deleteObjects(query: ListQuery, options: DeleteOptions): Promise<Outcome<ObjectList>>;
  /** A token with which one agent may join until it expires. */
  createJoinToken(): Promise<JoinToken>;
  /** Uses up a join token. */
  join(token: string, name: string): Promise<Outcome<{ readonly agentUid: string }>>;
  describeAgents(): Promise<readonly AgentView[]>;
  /** A watch opens its link here (watch-link.ts): the platform's Request in, its Response out. */
  fetch(request: unknown): Promise<unknown>;
  /** Revisions for views, in order of namespace and name; uids that are not known are left out. */
  describeRevisions(query: RevisionQuery): Promise<RevisionPage>;
};
