/** Prints a list of objects as a table, or as a program wants it. */
import type { NounKind } from "../api/kinds.ts";
import type { ObjectList } from "../api/objects.ts";
import { paintStatus } from "../text/colour.ts";
import { isMachine, machineList, type OutputFlags } from "../text/machine.ts";
import { listTable } from "../text/table.ts";
import { type ListFlags, namespaceOf } from "./options.ts";

type Listed = { readonly metadata: { readonly name: string; readonly namespace: string } };

export type Listing<T extends Listed> = {
  readonly kind: NounKind;
  readonly list: ObjectList<T>;
  /** In the plural, for when there are none. */
  readonly words: string;
  readonly columns: readonly string[];
  readonly row: (object: T) => readonly string[];
  /** Behind the others, with `-o wide`. */
  readonly wide?: { readonly columns: readonly string[]; readonly cells: (object: T) => readonly string[] };
  /** Of an object that has one. */
  readonly url?: (object: T) => string;
};

export function printList<T extends Listed>(
  { kind, list, words, columns, row, wide, url = () => "" }: Listing<T>,
  flags: ListFlags & OutputFlags,
): void {
  if (isMachine(flags.output)) {
    const text = machineList(flags.output, kind, list, url);
    if (text !== "") console.log(text);
    return;
  }
  // To stderr: whoever counts lines counts none.
  if (list.items.length === 0) return console.error(`No ${words} found.`);
  const isEverywhere = namespaceOf(flags) === null;
  const sorted = [...list.items].sort((a, b) => (sortKey(a.metadata) < sortKey(b.metadata) ? -1 : 1));
  const more = flags.output === "wide" ? wide : undefined;
  const rows = sorted.map((object) => [
    ...(isEverywhere ? [object.metadata.namespace] : []),
    ...row(object),
    ...(more?.cells(object) ?? []),
  ]);
  const header = [...(isEverywhere ? ["NAMESPACE"] : []), ...columns, ...(more?.columns ?? [])];
  console.log(listTable(header, rows, { headers: flags.headers, paint: paintStatus }));
}

/** As kn does: the namespace `default` first. */
function sortKey({ namespace, name }: Listed["metadata"]): string {
  return `${namespace === "default" ? "" : namespace}/${name}`;
}
