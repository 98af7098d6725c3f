/** Revisions that views tell of, put together from as many pages as it takes. */
import type { RevisionQuery } from "../../core/protocol/control-plane.ts";
import type { RevisionFacts } from "../../core/view/revision-facts.ts";
import { type ApiEnv, controlPlaneOf } from "./environment.ts";

export async function listRevisions(env: ApiEnv, query: RevisionQuery): Promise<readonly RevisionFacts[]> {
  const revisions: RevisionFacts[] = [];
  for (let rest: RevisionQuery | null = query; rest !== null; ) {
    const page = await controlPlaneOf(env).describeRevisions(rest);
    for (const revision of page.revisions) revisions.push(revision);
    rest = page.rest;
  }
  return revisions;
}
