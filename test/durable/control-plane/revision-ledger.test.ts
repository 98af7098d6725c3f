import { expect, test } from "vitest";
import type { RevisionPage, RevisionQuery } from "../../../src/core/protocol/control-plane.ts";
import { RevisionLedger } from "../../../src/durable/control-plane/revision-ledger.ts";
import { LonePlane } from "../fakes/lone-plane.ts";

const MEGABYTE = "x".repeat(1_000_000);

function insert(sql: SqlStorage, namespace: string, name: string): void {
  const uid = `${namespace}-${name}`;
  const metadata = { name, namespace, uid, annotations: { note: MEGABYTE } };
  const body = JSON.stringify({ kind: "Revision", metadata, spec: { containers: [] } });
  sql.exec("INSERT INTO objects VALUES (?, 'Revision', ?, ?, ?)", uid, namespace, name, body);
}

/** Names of each page, from the first to the last. */
function pagesOf(ledger: RevisionLedger, query: RevisionQuery): string[][] {
  const pages: RevisionPage[] = [];
  for (let rest: RevisionQuery | null = query; rest !== null; ) {
    const page = ledger.facts(rest);
    pages.push(page);
    rest = page.rest;
  }
  return pages.map(({ revisions }) => revisions.map(({ metadata }) => metadata.uid));
}

test("more revisions than a message holds come in pages, without gap or repetition", async () => {
  await LonePlane.run("revision-pages", async ({ storage: { sql } }) => {
    for (const name of ["a", "b", "c", "d", "e", "f"]) for (const space of ["one", "two"]) insert(sql, space, name);
    const ledger = new RevisionLedger(sql);
    const one = ["one-a", "one-b", "one-c", "one-d", "one-e", "one-f"];
    const two = ["two-a", "two-b", "two-c", "two-d", "two-e", "two-f"];
    const all = [...one, ...two];
    const inBoth = pagesOf(ledger, { by: "namespace", namespace: null });
    expect(inBoth).toEqual([all.slice(0, 8), all.slice(8)]);
    expect(pagesOf(ledger, { by: "uid", uids: all })).toEqual(inBoth);
    expect(pagesOf(ledger, { by: "namespace", namespace: "two" })).toEqual([two]);
    expect(pagesOf(ledger, { by: "namespace", namespace: "two", name: "c" })).toEqual([["two-c"]]);
  });
});
