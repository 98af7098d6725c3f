/** Reads, changes and deletes objects of the kinds that the command line has a noun for. */
import { CliError } from "../cli-error.ts";
import { type ApiClient, refusal } from "./api-client.ts";
import { type NounKind, nounPath } from "./kinds.ts";
import { didYouMean } from "./near-names.ts";

export type ObjectList<T> = { readonly items: readonly T[]; readonly [field: string]: unknown };
export type Selectors = { readonly labelSelector?: string; readonly fieldSelector?: string };

const NOT_FOUND = 404;
const CONFLICT = 409;
/** Somebody may change the object between our read and our write; kn tries as often. */
const MAX_UPDATE_ATTEMPTS = 4;

/** Kinds in the words of kn's messages; the noun is the verb's. */
const WORDS: Readonly<Record<NounKind, { readonly words: string; readonly noun: string }>> = {
  Service: { words: "service", noun: "service" },
  Revision: { words: "revision", noun: "revision" },
  Route: { words: "route", noun: "route" },
  DomainMapping: { words: "domain mapping", noun: "domain" },
};

/** @param namespace null = all */
export async function listObjects<T>(
  client: ApiClient,
  kind: NounKind,
  namespace: string | null,
  selectors: Selectors = {},
): Promise<ObjectList<T>> {
  const query = new URLSearchParams(selectors).toString();
  const path = nounPath(kind, namespace) + (query === "" ? "" : `?${query}`);
  const { items, ...list } = client.objectIn(await client.expect(`list ${WORDS[kind].words}s`, "GET", path));
  return { ...list, items: Array.isArray(items) ? (items as T[]) : [] };
}

/** @throws CliError that names what may have been meant, when there is no such object */
export async function getObject<T>(client: ApiClient, kind: NounKind, namespace: string, name: string): Promise<T> {
  const response = await client.request("GET", nounPath(kind, namespace, name));
  if (response.status === NOT_FOUND) throw await missing(client, kind, namespace, name);
  if (response.status >= 300) throw refusal(`read ${WORDS[kind].words} ${name}`, response);
  return client.objectIn(response.body) as T;
}

/** @returns null when there is none */
export async function findObject<T>(
  client: ApiClient,
  kind: NounKind,
  namespace: string,
  name: string,
): Promise<T | null> {
  const response = await client.request("GET", nounPath(kind, namespace, name));
  if (response.status === NOT_FOUND) return null;
  if (response.status >= 300) throw refusal(`read ${WORDS[kind].words} ${name}`, response);
  return client.objectIn(response.body) as T;
}

/**
 * Reads, changes and writes an object; again when somebody else wrote in between.
 * @param edit must not assume that it is called once
 */
export async function updateObject<T extends object>(
  client: ApiClient,
  kind: NounKind,
  namespace: string,
  name: string,
  edit: (stored: T) => T | Promise<T>,
): Promise<{ readonly before: T; readonly after: T }> {
  for (let attempt = 1; ; attempt += 1) {
    const before = await getObject<T>(client, kind, namespace, name);
    const path = nounPath(kind, namespace, name);
    const response = await client.request("PUT", path, await edit(before));
    if (response.status < 300) return { before, after: client.objectIn(response.body) as T };
    if (response.status !== CONFLICT || attempt === MAX_UPDATE_ATTEMPTS) {
      throw refusal(`update ${WORDS[kind].words} ${name}`, response);
    }
  }
}

export async function deleteObject(
  client: ApiClient,
  kind: NounKind,
  namespace: string,
  name: string,
  propagationPolicy: "Background" | "Foreground" = "Background",
): Promise<void> {
  const options = { kind: "DeleteOptions", apiVersion: "v1", propagationPolicy };
  const response = await client.request("DELETE", nounPath(kind, namespace, name), options);
  if (response.status === NOT_FOUND) throw await missing(client, kind, namespace, name);
  if (response.status >= 300) throw refusal(`delete ${WORDS[kind].words} ${name}`, response);
}

async function missing(client: ApiClient, kind: NounKind, namespace: string, name: string): Promise<CliError> {
  const { words, noun } = WORDS[kind];
  const { items } = await listObjects<{ readonly metadata: { readonly name: string } }>(client, kind, namespace);
  const names = items.map(({ metadata }) => metadata.name);
  const remedy = [didYouMean(name, names), `All of them: rouse ${noun} list -n ${namespace}`].filter(Boolean).join(" ");
  return new CliError(`${words} '${name}' not found in namespace '${namespace}'`, remedy);
}
