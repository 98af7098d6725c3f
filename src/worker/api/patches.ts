/** Reads a patch. What kinds of patches a kind takes is Kubernetes' rule: strategic ones only for its own kinds. */
import type { Outcome, Patch } from "../../core/protocol/control-plane.ts";
import { failure } from "../../core/resource/api-status.ts";
import { isJsonObject } from "../../core/resource/json.ts";
import type { ResourceType } from "../../core/resource/resource-type.ts";
import { mediaType, readJsonBody, unknownFormat } from "./body.ts";

const JSON_PATCH = "application/json-patch+json";
const MERGE_PATCH = "application/merge-patch+json";
const STRATEGIC_PATCH = "application/strategic-merge-patch+json";

/** As many as Kubernetes takes. */
const MAX_OPERATIONS = 10_000;

/** `text` is what was sent: what it says twice is gone from the patch. */
export type SentPatch = { readonly patch: Patch; readonly text: string };

export async function readPatch(request: Request, type: ResourceType): Promise<Outcome<SentPatch>> {
  const accepted = [JSON_PATCH, MERGE_PATCH, ...(type.group === "" ? [STRATEGIC_PATCH] : [])];
  const media = mediaType(request);
  if (!accepted.includes(media)) return { ok: false, status: unknownFormat(accepted) };
  const body = await readJsonBody(request);
  if (!body.ok) return body;
  const patch = media === JSON_PATCH ? jsonPatch(body.value) : mergePatch(body.value, media === STRATEGIC_PATCH);
  return patch.ok ? { ok: true, value: { patch: patch.value, text: body.text ?? "" } } : patch;
}

function jsonPatch(body: unknown): Outcome<Patch> {
  if (!Array.isArray(body)) return badRequest("a JSON patch must be a list of operations");
  if (body.length > MAX_OPERATIONS) {
    const message = `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${body.length}`;
    return { ok: false, status: failure("RequestEntityTooLarge", message) };
  }
  return { ok: true, value: { type: "json", body } };
}

/** The core kinds here have no lists that merge by key, so a strategic patch without directives is a merge patch. */
function mergePatch(body: unknown, isStrategic: boolean): Outcome<Patch> {
  if (!isJsonObject(body)) return badRequest("a merge patch must be an object");
  const directive = isStrategic ? findDirective(body) : null;
  if (directive !== null) {
    return badRequest(
      `${directive} is not supported in a strategic merge patch; send a merge patch (kubectl --type=merge)`,
    );
  }
  return { ok: true, value: { type: "merge", body } };
}

/** A member such as `$patch` or `$setElementOrder/ports`; no field of any kind begins with a dollar sign. */
function findDirective(value: unknown): string | null {
  if (Array.isArray(value)) return firstFound(value, findDirective);
  if (!isJsonObject(value)) return null;
  const own = Object.keys(value).find((name) => name.startsWith("$"));
  return own ?? firstFound(Object.values(value), findDirective);
}

function firstFound<T>(items: readonly T[], find: (item: T) => string | null): string | null {
  for (const item of items) {
    const found = find(item);
    if (found !== null) return found;
  }
  return null;
}

function badRequest(message: string): Outcome<never> {
  return { ok: false, status: failure("BadRequest", message) };
}
