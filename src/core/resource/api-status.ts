/**
 * Kubernetes' `Status`: what the API server answers when it does not answer with an object. Clients look at `code` and
 * `reason`, people at `message`, so all three are Kubernetes' own.
 */
import { cutText, firstOf, joinBounded } from "./bounded-text.ts";
import type { FieldError } from "./field-error.ts";
import type { ResourceType } from "./resource-type.ts";

export type ApiStatus = {
  readonly kind: "Status";
  readonly apiVersion: "v1";
  readonly metadata: Readonly<Record<string, never>>;
  readonly status: "Success" | "Failure";
  readonly message?: string;
  readonly reason?: StatusReason;
  readonly details?: {
    readonly name?: string;
    readonly group?: string;
    readonly kind?: string;
    readonly uid?: string;
    readonly causes?: readonly StatusCause[];
    readonly retryAfterSeconds?: number;
  };
  readonly code: number;
};

export type StatusCause = { readonly reason: string; readonly message: string; readonly field?: string };

export type StatusReason = keyof typeof CODES;

const CODES = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  AlreadyExists: 409,
  Conflict: 409,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  InternalError: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
} as const;

export function failure(reason: StatusReason, message: string, details?: ApiStatus["details"]): ApiStatus {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason,
    ...(details === undefined ? {} : { details }),
    code: CODES[reason],
  };
}

export function notFound(type: ResourceType, name: string): ApiStatus {
  return failure("NotFound", `${type.resource} ${JSON.stringify(name)} not found`, detailsOf(type, name));
}

/** Nothing is served at the path. kn and client-go tell it from a missing object by the cause. */
export function unknownPath(): ApiStatus {
  return failure("NotFound", "the server could not find the requested resource", {
    causes: [{ reason: "UnexpectedServerResponse", message: "404 page not found" }],
  });
}

/**
 * Something that was sent breaks a rule.
 * @param subject kind and group of what is wrong, such as `DeleteOptions.meta.k8s.io ""`
 * @param field path of the member, `message` what is wrong with it
 */
export function invalidField(subject: string, field: string, message: string): ApiStatus {
  const causes = [{ reason: "FieldValueInvalid", message, field }];
  return failure("Invalid", `${subject} is invalid: ${field}: ${message}`, { causes });
}

/** An object of one of Kubernetes' own kinds breaks rules. */
export function invalidObject(type: ResourceType, name: string, errors: readonly FieldError[]): ApiStatus {
  const causes = errors.map(({ message, paths, details }) => ({
    reason: "FieldValueInvalid",
    message: cutText([message, details].filter((text) => text).join(": ")),
    field: cutText(paths.join(", ")),
  }));
  const texts = causes.map(({ field, message }) => `${field}: ${message}`);
  const text = texts.length === 1 ? texts[0] : `[${joinBounded(texts, ", ")}]`;
  const shown = firstOf(causes, ({ field, message }) => field.length + message.length);
  const details = { name, kind: type.wireKind, causes: shown };
  return failure("Invalid", `${type.wireKind} ${JSON.stringify(name)} is invalid: ${text}`, details);
}

/** fieldValidation=Strict: the body has fields that are not the kind's, or the same field twice. */
export function strictDecodingError(
  type: ResourceType,
  problem: "unknown" | "duplicate",
  fields: readonly string[],
): ApiStatus {
  const subject = `${type.wireKind} in version "${type.version}" cannot be handled as a ${type.wireKind}`;
  const texts = fields.map((field) => `${problem} field ${JSON.stringify(field)}`);
  return failure("BadRequest", `${subject}: strict decoding error: ${joinBounded(texts, ", ")}`);
}

/** @param isLeaving the one that is there is being deleted: the client may try again later */
export function alreadyExists(type: ResourceType, name: string, isLeaving = false): ApiStatus {
  const message = `${type.resource} ${JSON.stringify(name)} already exists`;
  return failure("AlreadyExists", isLeaving ? `object is being deleted: ${message}` : message, detailsOf(type, name));
}

/** Nothing new may be made in a namespace that is being deleted. */
export function namespaceTerminating(type: ResourceType, name: string, namespace: string): ApiStatus {
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  const message = `namespace ${namespace} is being terminated`;
  const causes = [{ reason: "NamespaceTerminating", message, field: "metadata.namespace" }];
  return failure("Forbidden", `${type.resource} ${JSON.stringify(name)} is forbidden: ${why}`, {
    ...detailsOf(type, name),
    causes,
  });
}

/** The object changed since the client read it; it reads again and repeats. */
export function conflict(type: ResourceType, name: string, why: string = STALE): ApiStatus {
  const message = `Operation cannot be fulfilled on ${type.resource} ${JSON.stringify(name)}: ${why}`;
  return failure("Conflict", message, detailsOf(type, name));
}

export function deleted(type: ResourceType, name: string, uid: string): ApiStatus {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    details: { ...detailsOf(type, name), uid },
    code: 200,
  };
}

const STALE = "the object has been modified; please apply your changes to the latest version and try again";

function detailsOf(type: ResourceType, name: string) {
  return { name, ...(type.group === "" ? {} : { group: type.group }), kind: type.plural };
}
