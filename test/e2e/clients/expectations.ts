/** The checks that the API test programs make again and again. */
import { expect } from "vitest";
import type { Rouse } from "../harness/rouse.ts";
import type { GoClient } from "./go-client.ts";
import { isReady, type KnativeObject } from "./objects.ts";

const GENERATION = "serving.knative.dev/configurationGeneration";
const DIGEST = /^[^@]+@sha256:[0-9a-f]{64}$/;

/** One request, without a second try: Ready means serving. */
export async function expectServes(rouse: Rouse, host: string, text: string): Promise<void> {
  const { status, body } = await rouse.request(host, "/");
  expect(`${status} ${body}`).toBe(`200 ${text}`);
}

/** All of a Service, or of a Configuration and a Route of one name, is at this revision. */
export async function expectControlPlane(
  go: GoClient,
  name: string,
  revision: string,
  generation: string,
): Promise<void> {
  const latest = await go.get("revisions", revision);
  expect(isReady(latest)).toBe(true);
  expect(latest.metadata.labels?.[GENERATION]).toBe(generation);
  for (const { imageDigest = "" } of latest.status?.containerStatuses ?? []) expect(imageDigest).toMatch(DIGEST);
  const { status } = await go.get("configurations", name);
  expect(status).toMatchObject({ latestCreatedRevisionName: revision, latestReadyRevisionName: revision });
  const route = await go.get("routes", name);
  expect(route.status?.traffic).toContainEqual(expect.objectContaining({ revisionName: revision, percent: 100 }));
}

export function hostOfUrl({ status }: KnativeObject): string {
  return new URL(status?.url ?? "").host;
}

/** Requests sent, so many at a time; each expected body must come in a quarter of them where there are several. */
const REQUESTS = 100;
const AT_ONCE = 8;

export async function expectDistribution(rouse: Rouse, host: string, bodies: readonly string[]): Promise<void> {
  const counts: Record<string, number> = {};
  let left = REQUESTS;
  const send = async () => {
    while (left > 0) {
      left -= 1;
      const { status, body } = await rouse.request(host, "/");
      const seen = `${status} ${body}`;
      counts[seen] = (counts[seen] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, send));
  expect(Object.keys(counts).toSorted()).toEqual(bodies.map((body) => `200 ${body}`).toSorted());
  const least = bodies.length === 1 ? REQUESTS : REQUESTS / 4;
  for (const count of Object.values(counts)) expect(count).toBeGreaterThanOrEqual(least);
}
