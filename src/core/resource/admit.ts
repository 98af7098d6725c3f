/**
 * Admission: from a body off the wire to the object that is stored, or the Status that refuses it.
 *
 *     shape (schema, prune) → identity → defaults → validation → creator annotations → generation
 *
 * Status and server-owned metadata in the body are ignored: clients send whole objects back.
 */

import { generatedName } from "../name.ts";
import { ANNOTATION_CREATOR, ANNOTATION_LAST_MODIFIER } from "./annotations.ts";
import { type ApiStatus, conflict, failure, invalidObject, strictDecodingError } from "./api-status.ts";
import { SYSTEM_NAMESPACE } from "./config-map.ts";
import { at, type FieldError, formatFieldErrors, generic, invalidValue } from "./field-error.ts";
import { firstFinalizers, nextFinalizers, validateFinalizers } from "./finalizers.ts";
import { jsonEqual } from "./json.ts";
import type { RuleContext } from "./kind-rule.ts";
import { KIND_RULES } from "./kind-rules.ts";
import { validateMetadata } from "./metadata-validation.ts";
import type { KubeObject, ObjectMeta } from "./object.ts";
import { type FindByUid, nextOwners, validateOwners } from "./owner-references.ts";
import type { WireObject } from "./representation.ts";
import { RESOURCE_TYPES, type StoredType } from "./resource-type.ts";
import { shape } from "./schema.ts";
import { timestampOf } from "./timestamp.ts";

export type AdmissionContext = RuleContext & {
  /** For the annotations creator and lastModifier; never empty. */
  readonly user: string;
  readonly nowMs: number;
  /** fieldValidation=Strict: unknown fields are refused instead of pruned. */
  readonly isStrict: boolean;
  /** Owners are looked up with it. */
  readonly find: FindByUid;
};

/** What the shell gives a new object: a uid, and five numbers in [0, 1) for a generated name. */
export type NewIdentity = { readonly uid: string; readonly random: readonly number[] };

/** `object.metadata.resourceVersion` is still the old one (or empty): the store gives the new one. */
export type Admission = { readonly ok: true; readonly object: KubeObject } | Refusal;
type Refusal = { readonly ok: false; readonly status: ApiStatus };

/** @param namespace of the request's path; "" for kinds without namespaces */
export function admitCreate(
  type: StoredType,
  namespace: string,
  body: unknown,
  identity: NewIdentity,
  context: AdmissionContext,
): Admission {
  const parsed = parseBody(type, namespace, body, context);
  if (!parsed.ok) return parsed;
  const { metadata: sent, status: _status, ...rest } = parsed.object;
  const rules = KIND_RULES[type.kind];
  const generateName = sent.generateName ?? "";
  const finalizers = firstFinalizers(type.kind, sent);
  const metadata: ObjectMeta = {
    name: sent.name || (generateName === "" ? "" : generatedName(generateName, identity.random)),
    ...(generateName === "" ? {} : { generateName }),
    ...(type.isNamespaced ? { namespace } : {}),
    uid: identity.uid,
    resourceVersion: "",
    generation: 1,
    creationTimestamp: timestampOf(context.nowMs),
    ...(sent.labels ? { labels: sent.labels } : {}),
    annotations: signCreation(type, sent, context.user),
    ...(sent.ownerReferences?.length ? { ownerReferences: sent.ownerReferences } : {}),
    ...(finalizers.length === 0 ? {} : { finalizers }),
  };
  const made = withSpec({ ...rest, metadata }, rules.applyDefaults(rest.spec, null, context, metadata));
  const object = rules.normalize?.(made) ?? made;
  const errors = [
    ...validateMetadata(metadata, rules.nameRule),
    ...validateOwners(metadata, null, context.find),
    ...validateFinalizers(metadata, null),
    ...rules.validate(object, null, context),
  ];
  return errors.length > 0 ? refuse(type, metadata, errors) : { ok: true, object };
}

/**
 * A whole new object in place of the stored one: what a PUT sends, or what a patch makes of the object as the client sees
 * it. A non-empty resourceVersion or uid in it must still be right.
 */
export function admitUpdate(type: StoredType, stored: KubeObject, body: unknown, context: AdmissionContext): Admission {
  const parsed = parseBody(type, stored.metadata.namespace ?? "", body, context);
  if (!parsed.ok) return parsed;
  const { metadata: sent, status: _status, ...rest } = parsed.object;
  const stale = findStale(type, stored, sent);
  if (stale !== null) return { ok: false, status: stale };
  const rules = KIND_RULES[type.kind];
  const spec = rules.applyDefaults(rest.spec, stored.spec ?? null, context, stored.metadata);
  const isSpecChanged = !jsonEqual(spec, stored.spec);
  const {
    labels: _labels,
    annotations: _annotations,
    finalizers: _finalizers,
    ownerReferences: _owners,
    ...kept
  } = stored.metadata;
  const finalizers = nextFinalizers(stored, sent);
  const ownerReferences = nextOwners(stored, sent);
  const signed = signUpdate(type, stored, sent, isSpecChanged, context.user);
  const made: KubeObject = {
    ...withSpec({ ...rest, metadata: stored.metadata }, spec),
    metadata: {
      ...kept,
      ...(sent.labels ? { labels: sent.labels } : {}),
      annotations: signed.annotations,
      ...(ownerReferences.length === 0 ? {} : { ownerReferences }),
      ...(finalizers.length === 0 ? {} : { finalizers }),
      generation: stored.metadata.generation + (isSpecChanged ? 1 : 0),
    },
    ...(stored.status === undefined ? {} : { status: stored.status }),
  };
  const object = rules.normalize?.(made) ?? made;
  const errors = [
    ...signed.errors,
    ...validateMetadata(object.metadata, rules.nameRule),
    ...validateOwners(object.metadata, stored.metadata, context.find),
    ...validateFinalizers(object.metadata, stored.metadata),
    ...rules.validate(object, stored, context),
  ];
  return errors.length > 0 ? refuse(type, stored.metadata, errors) : { ok: true, object };
}

type Parsed = { readonly ok: true; readonly object: KubeObject & { readonly metadata: Partial<ObjectMeta> } } | Refusal;

function parseBody(type: StoredType, namespace: string, body: unknown, context: AdmissionContext): Parsed {
  const { value, unknownFields, errors } = shape(body, KIND_RULES[type.kind].schema);
  if (errors.length > 0) return invalid(type, type.kind === "Secret" ? withoutValues(errors) : errors);
  if (context.isStrict && unknownFields.length > 0) {
    return { ok: false, status: strictDecodingError(type, "unknown", unknownFields) };
  }
  const sent = value as Partial<WireObject>;
  if (sent.apiVersion !== undefined && sent.apiVersion !== type.apiVersion) {
    return badRequest(
      `the API version in the data (${sent.apiVersion}) does not match the expected API version (${type.apiVersion})`,
    );
  }
  if (sent.kind !== undefined && sent.kind !== type.wireKind) {
    return badRequest(`the kind in the data (${sent.kind}) does not match the expected kind (${type.wireKind})`);
  }
  const metadata = (sent.metadata ?? {}) as Partial<ObjectMeta>;
  if (type.isNamespaced && metadata.namespace && metadata.namespace !== namespace) {
    return badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  const { apiVersion } = RESOURCE_TYPES[type.kind];
  return { ok: true, object: { ...sent, apiVersion, kind: type.kind, metadata } as KubeObject };
}

function findStale(type: StoredType, stored: KubeObject, sent: Partial<ObjectMeta>): ApiStatus | null {
  const { name, uid, resourceVersion } = stored.metadata;
  if (sent.name && sent.name !== name) {
    const message = `the name of the object (${sent.name}) does not match the name on the URL (${name})`;
    return failure("BadRequest", message);
  }
  if (sent.uid && sent.uid !== uid) {
    return conflict(type, name, `Precondition failed: UID in precondition: ${sent.uid}, UID in object meta: ${uid}`);
  }
  if (sent.resourceVersion && sent.resourceVersion !== resourceVersion) return conflict(type, name);
  return null;
}

function withSpec(object: KubeObject, spec: unknown): KubeObject {
  return spec === undefined ? object : { ...object, spec };
}

type Annotations = Readonly<Record<string, string>>;

const SIGNED_KINDS: readonly string[] = ["Service", "Configuration", "Route", "DomainMapping"];

/** Knative signs its kinds; a Revision carries its Configuration's signature, the core kinds none. */
function isSigned(type: StoredType): boolean {
  return SIGNED_KINDS.includes(type.kind);
}

function signCreation(type: StoredType, sent: Partial<ObjectMeta>, user: string): Annotations {
  if (!isSigned(type) || isOwned(sent)) return sent.annotations ?? {};
  return { ...sent.annotations, [ANNOTATION_CREATOR]: user, [ANNOTATION_LAST_MODIFIER]: user };
}

/** What has an owner is signed by it. */
function isOwned(metadata: Partial<ObjectMeta>): boolean {
  return (metadata.ownerReferences ?? []).length > 0;
}

/**
 * creator never changes; lastModifier changes with the spec, to the user who changed it, and only then. A client may
 * leave both out: they stay.
 * Source: knative.dev/pkg/apis ValidateCreatorAndModifier
 */
function signUpdate(
  type: StoredType,
  stored: KubeObject,
  sent: Partial<ObjectMeta>,
  isSpecChanged: boolean,
  user: string,
): { readonly annotations: Annotations; readonly errors: FieldError[] } {
  const annotations = sent.annotations ?? {};
  if (!isSigned(type) || isOwned(stored.metadata)) return { annotations, errors: [] };
  const before = stored.metadata.annotations ?? {};
  const isOther = (key: string) => annotations[key] !== undefined && annotations[key] !== before[key];
  const errors = at("metadata.annotations", [
    ...(isOther(ANNOTATION_CREATOR) ? [generic("annotation value is immutable", ANNOTATION_CREATOR)] : []),
    ...(isOther(ANNOTATION_LAST_MODIFIER) && !isSpecChanged
      ? [invalidValue(annotations[ANNOTATION_LAST_MODIFIER], ANNOTATION_LAST_MODIFIER)]
      : []),
  ]);
  const creator = before[ANNOTATION_CREATOR];
  const lastModifier = isSpecChanged ? user : before[ANNOTATION_LAST_MODIFIER];
  return {
    annotations: {
      ...annotations,
      ...(creator === undefined ? {} : { [ANNOTATION_CREATOR]: creator }),
      ...(lastModifier === undefined ? {} : { [ANNOTATION_LAST_MODIFIER]: lastModifier }),
    },
    errors,
  };
}

/** Kubernetes says itself what is wrong with its own kinds; Knative's webhooks say the rest. */
function refuse(type: StoredType, { name, namespace }: ObjectMeta, errors: readonly FieldError[]): Refusal {
  const isConfig = type.kind === "ConfigMap" && namespace === SYSTEM_NAMESPACE;
  return type.group !== "" || isConfig
    ? invalid(type, errors)
    : { ok: false, status: invalidObject(type, name, errors) };
}

function invalid(type: StoredType, errors: readonly FieldError[]): Refusal {
  const webhook = type.group === "" ? "config" : "validation";
  const message = `admission webhook "${webhook}.webhook.serving.knative.dev" denied the request: validation failed: `;
  return badRequest(message + formatFieldErrors(errors));
}

/** What a value is, is not told where it may be a secret. */
function withoutValues(errors: readonly FieldError[]): FieldError[] {
  return errors.map((error) => ({ ...error, message: "invalid value" }));
}

function badRequest(message: string): Refusal {
  return { ok: false, status: failure("BadRequest", message) };
}
