/** Requests at every moment of a pod's life. */
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { app, hostOf, QUICK_AUTOSCALER } from "./fixtures/services.ts";
import { waitForZero } from "./harness/data-plane.ts";
import { type Rouse, startRouse } from "./harness/rouse.ts";

let rouse: Rouse;

beforeAll(async () => {
  rouse = await startRouse();
  await rouse.apply(QUICK_AUTOSCALER);
});
afterAll(async () => {
  await rouse.stop();
});

describe("cycles of zero to one to zero", () => {
  it("lose no request, whenever it comes, also in the middle of draining", async () => {
    const services = Array.from({ length: 10 }, (_, i) => `cycle-${i}`);
    const limits = [0, 1, 5, 0, 2];
    for (const [index, name] of services.entries()) {
      await rouse.apply(app(name, { containerConcurrency: limits[index % limits.length] ?? 0 }));
    }
    await Promise.all(services.map((name) => rouse.waitReady(name)));
    const failures: string[] = [];
    let sent = 0;
    let cold = 0;
    // Each service cycles by itself: it is called at random moments around the end of its window, lease and drain.
    const cyclesPerService = 2;
    await Promise.all(
      services.map(async (name) => {
        for (let cycle = 0; cycle < cyclesPerService; cycle += 1) {
          await waitForZero(rouse, name);
          for (let n = 0; n < 4; n += 1) {
            const answer = await rouse.request(hostOf(name), `/sleep?ms=${(n * 53) % 120}`);
            sent += 1;
            if (answer.headers["x-rouse-cold-start"] !== undefined) cold += 1;
            if (answer.status !== 200) failures.push(`${name} ${answer.status} ${answer.body}`);
            if (n < 3) await delay(7_000 + Math.random() * 4_500);
          }
        }
      }),
    );
    expect(failures).toEqual([]);
    expect(sent).toBe(services.length * cyclesPerService * 4);
    expect(cold).toBeGreaterThanOrEqual(services.length * cyclesPerService);
  }, 400_000);
});
