/** The options of a write: `dryRun` and `fieldValidation` in the query, DeleteOptions in the body or the query. */
import type { DeleteOptions, Outcome } from "../../core/protocol/control-plane.ts";
import { type ApiStatus, failure, invalidField } from "../../core/resource/api-status.ts";
import { isJsonObject, type JsonObject } from "../../core/resource/json.ts";
import type { ApiContext } from "./answers.ts";

export type FieldValidation = (typeof FIELD_VALIDATIONS)[number];
export type WriteQuery = { readonly isDryRun: boolean; readonly fieldValidation: FieldValidation };

/**
 *   Strict  unknown fields are refused
 *   Warn    they are dropped, and the answer says so in a header; as in Kubernetes the default
 *   Ignore  they are dropped
 */
const FIELD_VALIDATIONS = ["Strict", "Warn", "Ignore"] as const;
const PROPAGATIONS = ["Background", "Foreground", "Orphan"] as const;

export type OptionsKind = "CreateOptions" | "UpdateOptions" | "PatchOptions" | "DeleteOptions";

export function parseWriteQuery(c: ApiContext, kind: OptionsKind): Outcome<WriteQuery> {
  const dryRun = parseDryRun(c.req.queries("dryRun") ?? [], kind);
  if (!dryRun.ok) return dryRun;
  const fieldValidation = c.req.query("fieldValidation") || "Warn";
  if (!isOneOf(FIELD_VALIDATIONS, fieldValidation)) {
    return refused(unsupported(kind, "fieldValidation", fieldValidation, ["", ...FIELD_VALIDATIONS]));
  }
  return { ok: true, value: { isDryRun: dryRun.value, fieldValidation } };
}

/** @param body parsed; undefined when there is none. What it says goes before the query. */
export function parseDeleteOptions(c: ApiContext, body: unknown): Outcome<DeleteOptions> {
  if (body !== undefined && body !== null && !isJsonObject(body)) return badRequest("the body must be DeleteOptions");
  const sent: JsonObject = body ?? {};
  if (sent.kind !== undefined && sent.kind !== "DeleteOptions") {
    return badRequest(`the body must be DeleteOptions; got kind ${JSON.stringify(sent.kind)}`);
  }
  const dryRun = parseDryRun(sent.dryRun ?? c.req.queries("dryRun") ?? [], "DeleteOptions");
  if (!dryRun.ok) return dryRun;
  const propagation = parsePropagation(
    sent.propagationPolicy ?? c.req.query("propagationPolicy"),
    sent.orphanDependents ?? c.req.query("orphanDependents"),
  );
  if (!propagation.ok) return propagation;
  const preconditions = sent.preconditions ?? {};
  if (!isJsonObject(preconditions)) return badRequest("preconditions must be an object");
  const uid = preconditions.uid ?? "";
  const resourceVersion = preconditions.resourceVersion ?? "";
  if (typeof uid !== "string" || typeof resourceVersion !== "string") {
    return badRequest("preconditions.uid and preconditions.resourceVersion must be strings");
  }
  return { ok: true, value: { isDryRun: dryRun.value, propagation: propagation.value, uid, resourceVersion } };
}

function parseDryRun(values: unknown, kind: OptionsKind): Outcome<boolean> {
  if (!Array.isArray(values)) return badRequest("dryRun must be a list of strings");
  const other = values.find((value) => value !== "All" && value !== "");
  if (other !== undefined) return refused(unsupported(kind, "dryRun", other, ["All"]));
  return { ok: true, value: values.includes("All") };
}

/** `orphanDependents` is what clients said before there was a policy. */
function parsePropagation(policy: unknown, orphan: unknown): Outcome<DeleteOptions["propagation"]> {
  const isOrphanSet = orphan !== undefined && orphan !== null && orphan !== "";
  if (policy === undefined || policy === null || policy === "") {
    return { ok: true, value: isOrphanSet && String(orphan) === "true" ? "Orphan" : "Background" };
  }
  if (isOrphanSet) {
    const message = "orphanDependents and deletionPropagation cannot be both set";
    return refused(invalidField('DeleteOptions.meta.k8s.io ""', "propagationPolicy", message));
  }
  if (isOneOf(PROPAGATIONS, policy)) return { ok: true, value: policy };
  return refused(unsupported("DeleteOptions", "propagationPolicy", policy, PROPAGATIONS));
}

function isOneOf<T extends string>(values: readonly T[], value: unknown): value is T {
  return (values as readonly unknown[]).includes(value);
}

function unsupported(kind: OptionsKind, field: string, value: unknown, supported: readonly string[]): ApiStatus {
  const list = supported.map((text) => JSON.stringify(text)).join(", ");
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${list}`;
  return invalidField(`${kind}.meta.k8s.io ""`, field, message);
}

function badRequest(message: string): Outcome<never> {
  return refused(failure("BadRequest", message));
}

function refused(status: ApiStatus): Outcome<never> {
  return { ok: false, status };
}
