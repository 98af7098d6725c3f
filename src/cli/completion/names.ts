/** Names of objects for completion, from the edge that the command line is for. Nothing when it does not answer: no error belongs there. */
import type { ApiClient } from "../api/api-client.ts";
import { connect, connectionFromEnvironment } from "../api/connection.ts";
import { type NounKind, nounPath } from "../api/kinds.ts";
import type { NameKind } from "./suggest.ts";

const KINDS: Readonly<Record<Exclude<NameKind, "agent" | "namespace">, NounKind>> = {
  service: "Service",
  revision: "Revision",
  route: "Route",
  domain: "DomainMapping",
};
/** The shell puts a name on the command line as it is; what a machine calls itself may be `$(…)`. */
const PLAIN = /^[A-Za-z0-9][\w.-]*$/;
/** Somebody holds the Tab key. */
const DEADLINE_MS = 1_000;

export async function fetchNames(kind: NameKind, words: readonly string[]): Promise<string[]> {
  try {
    const edge = valueOf(words, "--edge");
    const state = valueOf(words, "--state");
    const client = connect({
      ...connectionFromEnvironment(process.env),
      ...(edge === undefined ? {} : { edge }),
      ...(state === undefined ? {} : { state }),
    });
    const namespace = valueOf(words, "-n") ?? valueOf(words, "--namespace") ?? "default";
    return await namesOf(client, kind, namespace);
  } catch {
    return [];
  }
}

async function namesOf(client: ApiClient, kind: NameKind, namespace: string): Promise<string[]> {
  const path = pathOf(kind, namespace);
  const { status, body } = await client.request("GET", path, undefined, AbortSignal.timeout(DEADLINE_MS));
  if (status >= 300) return [];
  const { items } = body as {
    items: readonly { readonly name?: string; readonly metadata?: { readonly name: string } }[];
  };
  return items.flatMap((item) => item.metadata?.name ?? item.name ?? []).filter((name) => PLAIN.test(name));
}

function pathOf(kind: NameKind, namespace: string): string {
  if (kind === "agent") return "/rouse/v1/agents";
  return kind === "namespace" ? "/api/v1/namespaces" : nounPath(KINDS[kind], namespace);
}

function valueOf(words: readonly string[], option: string): string | undefined {
  const index = words.lastIndexOf(option);
  return index === -1
    ? words.find((word) => word.startsWith(`${option}=`))?.slice(option.length + 1)
    : words[index + 1];
}
