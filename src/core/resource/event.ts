/**
 * Events: what happened to an object, for people. The reconcilers write them; a client may only read and delete them. The
 * same thing happening again to the same object counts up, under the same name.
 */
import { md5Hex } from "../md5.ts";
import type { KindRules } from "./kind-rule.ts";
import { type KubeObject, keyOf, type ObjectKey } from "./object.ts";
import { RESOURCE_TYPES } from "./resource-type.ts";
import { any, integer, string } from "./schema.ts";
import { kindSchema } from "./serving.ts";
import { timestampOf } from "./timestamp.ts";

export type EventObject = KubeObject & {
  readonly involvedObject: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly namespace?: string;
    readonly name: string;
    readonly uid: string;
  };
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
  readonly count: number;
  /** RFC 3339. */
  readonly firstTimestamp: string;
  readonly lastTimestamp: string;
  readonly source: { readonly component: string };
  readonly reportingComponent: string;
  readonly reportingInstance: string;
};

/** Something that happened. */
export type Happening = {
  readonly object: KubeObject;
  readonly type: EventObject["type"];
  /** One word, such as `RevisionReady`. */
  readonly reason: string;
  readonly message: string;
};

export const EVENT_RULES: KindRules = {
  schema: kindSchema({
    ...{ involvedObject: any, type: string, reason: string, message: string, count: integer },
    ...{ firstTimestamp: string, lastTimestamp: string, eventTime: string, series: any },
    ...{ source: any, reportingComponent: string, reportingInstance: string },
  }),
  nameRule: "subdomain",
  applyDefaults: (spec) => spec,
  validate: () => [],
};

/** What events of an object without a namespace are kept in. */
const DEFAULT_NAMESPACE = "default";
/** Kubernetes' limit. */
const MAX_MESSAGE_CHARS = 1_024;
/** A name has at most 253 characters, of which 17 tell the object's events apart. */
const MAX_NAME_CHARS = 236;
const COMPONENT = "rouse-control-plane";

/** Where the event of a happening is: `hello.5d41402abc4b2a76`, the digits made of what happened. */
export function eventKey({ object, reason, message }: Happening): ObjectKey {
  const { uid, name, namespace = DEFAULT_NAMESPACE } = object.metadata;
  const digits = md5Hex(`${uid}/${reason}/${message}`).slice(0, 16);
  return { kind: "Event", namespace, name: `${name.slice(0, MAX_NAME_CHARS)}.${digits}` };
}

/** How long an Event is told after it happened last: Kubernetes' default. */
export const EVENT_KEPT_MS = 3_600_000;

/** Whether an Event happened too long ago to be told, though it may still be stored. */
export function isExpiredEvent({ lastTimestamp }: EventObject, nowMs: number): boolean {
  return Date.parse(lastTimestamp) <= nowMs - EVENT_KEPT_MS;
}

/**
 * The event of a happening, as the store shall have it.
 * @param before the event under its key; null when it happens for the first time
 * @param uid for a new event
 */
export function nextEvent(happening: Happening, before: EventObject | null, uid: string, nowMs: number): EventObject {
  const lastTimestamp = timestampOf(nowMs);
  if (before !== null) return { ...before, count: before.count + 1, lastTimestamp };
  const { object, type, reason, message } = happening;
  const { namespace, name } = eventKey(happening);
  const involved = keyOf(object);
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name, namespace, uid, resourceVersion: "", generation: 1, creationTimestamp: lastTimestamp },
    involvedObject: {
      apiVersion: object.apiVersion,
      kind: RESOURCE_TYPES[object.kind].wireKind,
      ...(involved.namespace === "" ? {} : { namespace: involved.namespace }),
      name: involved.name,
      uid: object.metadata.uid,
    },
    ...{ type, reason, message: message.slice(0, MAX_MESSAGE_CHARS), count: 1 },
    ...{ firstTimestamp: lastTimestamp, lastTimestamp },
    ...{ source: { component: COMPONENT }, reportingComponent: COMPONENT, reportingInstance: "" },
  };
}
