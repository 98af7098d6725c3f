/**
 * A revision under random traffic, crashes, refusals, absences and resets. Whatever the order: no waiter is lost, no pod
 * is forgotten, and without traffic everything comes to rest.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import { World } from "./world.ts";

type Trouble = "crash" | "refuse" | "fail" | "deafen" | "goAway" | "lose" | "comeBack";

type Step =
  | { readonly does: Trouble; readonly which: number }
  | { readonly does: "request"; readonly needTicket: boolean }
  | { readonly does: "cancel" | "release" | "upgrade"; readonly which: number }
  | { readonly does: "reset" | "resync" }
  | { readonly does: "advance"; readonly ms: number };

const which = fc.nat(20);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ does: fc.constant("request" as const), needTicket: fc.boolean() }) },
  {
    weight: 6,
    arbitrary: fc.record({ does: fc.constantFrom("cancel" as const, "release", "upgrade"), which }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constantFrom("crash" as const, "refuse", "fail", "deafen", "goAway", "lose", "comeBack"),
      which,
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constantFrom("reset" as const, "resync") }) },
  {
    weight: 8,
    arbitrary: fc.record({ does: fc.constant("advance" as const), ms: fc.constantFrom(1, 30, 300, 3_000, 20_000) }),
  },
);

class Churn {
  readonly world = new World(2);
  readonly asked = new Map<string, number>();
  readonly cancelled = new Set<string>();
  readonly #limit: number;
  #tickets: string[] = [];

  constructor(limit: number, callDelayMs: number) {
    this.#limit = limit;
    this.world.callDelayMs = callDelayMs;
    const totalValue = limit === 0 ? 100 : limit;
    this.world.order({
      template: { containerConcurrency: limit, timeoutSec: 60 },
      scaling: { totalValue, targetValue: totalValue * 0.7, maxScale: 4, progressDeadlineMs: 60_000 },
    });
  }

  do(step: Step): void {
    const { world } = this;
    if ("ms" in step) world.advance(step.ms);
    else if ("needTicket" in step) this.asked.set(world.request({ needTicket: step.needTicket }), world.nowMs);
    else if (!("which" in step)) this.#forget(step.does);
    else if (step.does === "cancel") this.#cancel(step.which);
    else if (step.does === "release" || step.does === "upgrade") this.#giveBack(step.does, step.which);
    else this.#trouble(step.does, step.which);
    world.perform();
    this.#check();
  }

  /** Traffic ends, everybody is well again, and time passes. */
  calmDown(): void {
    const { world } = this;
    for (const agent of world.agents) {
      agent.refuses = null;
      agent.crashCode = null;
      agent.isDeaf = false;
      world.comeBack(agent);
    }
    while (this.#tickets.length > 0) this.#giveBack("release", 0);
    for (let round = 0; round < 10; round += 1) {
      world.advance(60_000);
      for (const agent of world.agents) world.report(agent);
      while (this.#takeTickets().length > 0) this.#giveBack("release", 0);
    }
  }

  waiting(): string[] {
    return [...this.asked.keys()].filter((id) => !this.cancelled.has(id) && this.world.answerTo(id) === undefined);
  }

  #check(): void {
    const { held, pods } = this.world.machine.describe();
    expect(held).toBe(this.waiting().length);
    for (const pod of pods) {
      expect(pod.ticketed).toBeGreaterThanOrEqual(0);
      expect(pod.ticketed).toBeLessThanOrEqual(this.#limit);
    }
    const answered = this.world.answers.map((answer) => answer.requestId);
    expect(new Set(answered).size).toBe(answered.length);
  }

  #forget(does: "reset" | "resync"): void {
    if (does === "reset") this.#reset();
    else this.world.machine.resync(this.world.nowMs);
  }

  /** What the gateways do: whoever has no answer asks again; the tickets of the life before mean nothing any more. */
  #reset(): void {
    const { world } = this;
    const again = this.waiting();
    this.#takeTickets();
    this.#tickets = [];
    world.reset();
    this.#spent = world.answers.length;
    for (const requestId of again) {
      const arrivedAtMs = this.asked.get(requestId) ?? 0;
      world.request({ requestId, arrivedAtMs, deadlineMs: arrivedAtMs + 60_000, attempt: 1 });
    }
  }

  #cancel(which: number): void {
    const requestId = this.waiting()[which % Math.max(1, this.waiting().length)];
    if (requestId === undefined) return;
    this.cancelled.add(requestId);
    this.world.machine.cancel(requestId, this.world.nowMs);
  }

  #spent = 0;

  #takeTickets(): string[] {
    for (const answer of this.world.answers.slice(this.#spent)) {
      if (answer.kind === "ticket") this.#tickets.push(answer.ticketId);
    }
    this.#spent = this.world.answers.length;
    return this.#tickets;
  }

  #giveBack(how: "release" | "upgrade", which: number): void {
    const tickets = this.#takeTickets();
    const [ticketId] = tickets.splice(which % Math.max(1, tickets.length), 1);
    if (ticketId === undefined) return;
    if (how === "upgrade") this.world.machine.upgraded(ticketId, this.world.nowMs);
    this.world.machine.released(ticketId, this.world.nowMs);
    this.world.perform();
  }

  #trouble(does: Trouble, which: number): void {
    const { world } = this;
    const agent = world.agents[which % 2];
    if (agent === undefined) return;
    const isOdd = which % 4 > 1;
    if (does === "crash") world.crash(agent, [...agent.pods.keys()][0] ?? "");
    else if (does === "refuse") agent.refuses = isOdd ? "full" : null;
    else if (does === "fail") agent.crashCode = isOdd ? 3 : null;
    else if (does === "deafen") agent.isDeaf = isOdd;
    else if (does === "comeBack") world.comeBack(agent);
    else world.goAway(agent, does === "lose" ? "Lost" : "Disconnected");
  }
}

it("loses no waiter and no pod in any order of events, and comes to rest at zero without a timer", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(0, 1, 3, 5),
      fc.constantFrom(0, 7, 400),
      fc.array(step, { maxLength: 80, size: "max" }),
      (limit, callDelayMs, steps) => {
        const churn = new Churn(limit, callDelayMs);
        for (const each of steps) churn.do(each);
        churn.calmDown();
        expect(churn.waiting()).toEqual([]);
        const { held, tickets, pods, desiredScale, hasTimer } = churn.world.machine.describe();
        const end = { held, tickets, pods, desiredScale, hasTimer, running: churn.world.running };
        expect(end).toEqual({ held: 0, tickets: 0, pods: [], desiredScale: 0, hasTimer: false, running: 0 });
      },
    ),
    { numRuns: Number(process.env.CHURN_RUNS ?? 150) },
  );
});
