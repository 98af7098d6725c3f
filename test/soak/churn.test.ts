/**
 * Long churn with kills: services of every kind cycle through zero while agents and the edge are killed. Only what a
 * killed edge cuts may fail (its clients' connections break); everything else is answered, and in the end all is zero.
 * ROUSE_SOAK_MINUTES (default 10) says how long.
 */
import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import { app, hostOf, QUICK_AUTOSCALER } from "../e2e/fixtures/services.ts";
import { dataPlane, waitForZero } from "../e2e/harness/data-plane.ts";
import { type Rouse, startRouse } from "../e2e/harness/rouse.ts";

const MINUTES = Number(process.env.ROUSE_SOAK_MINUTES ?? "10");
const KILL_EVERY_MS = 45_000;
/** Requests that touch this time after a kill of the edge may break with it. */
const EDGE_RECOVERY_MS = 5_000;

it(`churns for ${MINUTES} minutes and loses nothing that was not cut with the edge`, async () => {
  const rouse = await startRouse({ agents: 2 });
  await rouse.apply(QUICK_AUTOSCALER);
  const services = [0, 1, 3, 10, 0, 2].map((limit, index) => ({ name: `churn-${index}`, limit }));
  for (const { name, limit } of services) await rouse.apply(app(name, { containerConcurrency: limit }));
  for (const { name } of services) await rouse.waitReady(name, 60_000);

  const endMs = Date.now() + MINUTES * 60_000;
  const edgeKills: number[] = [];
  const failures: string[] = [];
  let answered = 0;
  const client = async (name: string) => {
    while (Date.now() < endMs) {
      const startedMs = Date.now();
      const outcome = await rouse.request(hostOf(name), `/sleep?ms=${Math.floor(Math.random() * 300)}`).then(
        (answer) => (answer.status === 200 ? null : `${answer.status} ${answer.body.slice(0, 200)}`),
        (error: Error) => error.message,
      );
      const wasCut = edgeKills.some((atMs) => atMs <= Date.now() && atMs + EDGE_RECOVERY_MS >= startedMs);
      if (outcome === null) answered += 1;
      else if (!wasCut) failures.push(`${new Date().toISOString()} ${name} ${outcome}`);
      // Mostly busy, now and then quiet for long enough to fall asleep or to be caught on the way.
      await delay(Math.random() < 0.9 ? Math.random() * 400 : 5_000 + Math.random() * 15_000);
    }
  };
  const chaos = async (of: Rouse) => {
    for (let round = 0; Date.now() + KILL_EVERY_MS < endMs; round += 1) {
      await delay(KILL_EVERY_MS);
      if (round % 3 === 2) {
        edgeKills.push(Date.now());
        of.killEdge();
      } else of.killAgent(round % 2);
    }
  };
  await Promise.all([...services.flatMap(({ name }) => [client(name), client(name), client(name)]), chaos(rouse)]);
  expect(failures).toEqual([]);
  expect(answered).toBeGreaterThan(MINUTES * 100);
  for (const { name } of services) {
    await waitForZero(rouse, name, 120_000);
    expect(await dataPlane(rouse, name)).toMatchObject({ held: 0, tickets: 0, pods: [] });
  }
  expect(rouse.podCount()).toBe(0);
  await rouse.stop();
});
