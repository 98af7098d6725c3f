/** Reads of objects: one, or a list, of what is stored and of what is computed when it is asked for. */
import type { Outcome } from "../../core/protocol/control-plane.ts";
import { type ApiStatus, failure, notFound } from "../../core/resource/api-status.ts";
import { represent } from "../../core/resource/representation.ts";
import { isView, type StoredType, type ViewType } from "../../core/resource/resource-type.ts";
import { parseFieldSelector, parseLabelSelector } from "../../core/resource/selector.ts";
import type { TableObject } from "../../core/resource/table.ts";
import { digestVersion } from "../../core/resource/watch-difference.ts";
import type { Address } from "./address.ts";
import { type ApiContext, answerList, answerObject } from "./answers.ts";
import { controlPlaneOf } from "./environment.ts";
import type { List } from "./format.ts";
import { getView, listView } from "./views.ts";
import { watch } from "./watch.ts";

export type Selection = {
  /** null = all namespaces. */
  readonly namespace: string | null;
  readonly labelSelector: string;
  readonly fieldSelector: string;
};

const TRUE_VALUES: ReadonlySet<string> = new Set(["true", "1"]);

export async function readObject(c: ApiContext, { type, namespace, name }: Address): Promise<Response> {
  const key = { namespace: namespace ?? "", name: name ?? "" };
  const outcome = isView(type) ? await getOfView(c, type, key) : await getStored(c, type as StoredType, key);
  return answerObject(c, type, outcome);
}

export async function readCollection(c: ApiContext, { type, namespace }: Address): Promise<Response> {
  const selection = selectionOf(c, namespace);
  const isWatch = TRUE_VALUES.has(c.req.query("watch") ?? "");
  // The answer to HEAD is without a body: there is nothing to stream.
  if (isWatch && c.req.method === "GET") return watch(c, type, selection);
  const outcome = isView(type)
    ? await listOfView(c, type, selection)
    : await listStored(c, type as StoredType, selection);
  return answerList(c, type, outcome);
}

export function selectionOf(c: ApiContext, namespace: string | null): Selection {
  return {
    namespace,
    labelSelector: c.req.query("labelSelector") ?? "",
    fieldSelector: c.req.query("fieldSelector") ?? "",
  };
}

type Key = { readonly namespace: string; readonly name: string };

async function getStored(c: ApiContext, type: StoredType, key: Key): Promise<Outcome<TableObject>> {
  const outcome = await controlPlaneOf(c.env).getObject({ kind: type.kind, ...key });
  return outcome.ok ? { ok: true, value: represent(type, outcome.value) } : outcome;
}

async function getOfView(c: ApiContext, type: ViewType, { namespace, name }: Key): Promise<Outcome<TableObject>> {
  const outcome = await getView(c.env, type, namespace, name);
  if (!outcome.ok) return outcome;
  return outcome.value === null ? { ok: false, status: notFound(type, name) } : { ok: true, value: outcome.value };
}

/** Without a limit the client gets one list, however many pages the store makes of it. */
async function listStored(c: ApiContext, type: StoredType, selection: Selection): Promise<Outcome<List>> {
  const limit = parseLimit(c.req.query("limit") ?? "");
  if (limit === null) return refused(failure("BadRequest", "limit must be a number that is not negative"));
  const items: TableObject[] = [];
  let continueToken = c.req.query("continue") ?? "";
  for (;;) {
    const page = await controlPlaneOf(c.env).listObjects({ ...selection, kind: type.kind, limit, continueToken });
    if (!page.ok) return page;
    for (const item of page.value.items) items.push(represent(type, item));
    const { resourceVersion } = page.value;
    continueToken = page.value.continueToken;
    if (limit > 0 || continueToken === "") {
      const metadata = { resourceVersion, ...(continueToken === "" ? {} : { continue: continueToken }) };
      return { ok: true, value: { items, metadata } };
    }
  }
}

async function listOfView(c: ApiContext, type: ViewType, selection: Selection): Promise<Outcome<List>> {
  const labels = parseLabelSelector(selection.labelSelector);
  if (!labels.ok) return refused(failure("BadRequest", labels.message));
  const fields = parseFieldSelector(selection.fieldSelector, type.kind);
  if (!fields.ok) return refused(failure("BadRequest", fields.message));
  const outcome = await listView(c.env, type, selection.namespace);
  if (!outcome.ok) return outcome;
  const items = outcome.value.filter((item) => labels.matches(item) && fields.matches(item));
  return { ok: true, value: { items, metadata: { resourceVersion: String(digestVersion(items)) } } };
}

/** @returns 0 for no limit; null when it is no number or negative */
function parseLimit(text: string): number | null {
  return /^\d{0,15}$/.test(text) ? Number(text) : null;
}

function refused(status: ApiStatus): Outcome<never> {
  return { ok: false, status };
}
