import { setTimeout as delay } from "node:timers/promises";

/** Asks until the answer is not null. For things that announce themselves by no event. */
export async function until<T>(
  what: string,
  ask: () => T | null | Promise<T | null>,
  { timeoutMs = 10_000, everyMs = 50 } = {},
): Promise<T> {
  const deadlineMs = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (Date.now() >= deadlineMs) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await delay(everyMs);
  }
}
