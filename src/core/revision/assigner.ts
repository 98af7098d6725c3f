/**
 * Brings pods to agents. An assignment is always the whole list of this revision's pods on one agent, with a sequence
 * that only grows, so it may be repeated and lost at will; one call per agent is under way at a time.
 *
 *     pod placing ─ choose ▶ ask agent A ─ refused ▶ ask agent B ─ refused ▶ nobody left: refresh the list, try again
 *                                        └ accepted ▶ starting                      after PLACE_RETRY_MS
 */
import type { AgentRef, Assignment, AssignmentResult } from "../protocol/objects.ts";
import type { DesiredPod, PodTemplate } from "../protocol/pod.ts";
import { agentsToAsk } from "./placement.ts";
import type { PodBook } from "./pod-book.ts";
import { inState, type PodRecord } from "./pod-record.ts";

/** Between two rounds of asking all agents for a place. */
export const PLACE_RETRY_MS = 1_000;
/** After an Agent object did not answer a call. */
export const CALL_RETRY_MS = 500;

export type AssignCall = { readonly agentUid: string; readonly assignment: Assignment };

export class Assigner {
  #sequence: number;
  readonly #dirty = new Set<string>();
  readonly #calling = new Map<string, number>();
  /** Agent → when it may be called again after a call that failed. */
  readonly #notBeforeMs = new Map<string, number>();
  readonly #refusedAtMs = new Map<string, number>();
  /** Why each agent refused last; for the message. */
  readonly refusals = new Map<string, string>();
  /** Pod id → agents asked in this round. */
  readonly #asked = new Map<string, Set<string>>();
  #retryAtMs: number | null = null;

  constructor(sequence: number) {
    this.#sequence = sequence;
  }

  get sequence(): number {
    return this.#sequence;
  }

  /** When pods without a place are looked after again; null = there was a place for each. */
  get retryAtMs(): number | null {
    return this.#retryAtMs;
  }

  /** When an agent must be told what it did not take in the last time; null = every agent was told. */
  get callAgainAtMs(): number | null {
    const times = [...this.#dirty]
      .filter((uid) => !this.#calling.has(uid))
      .map((uid) => this.#notBeforeMs.get(uid) ?? 0);
    return times.length === 0 ? null : Math.min(...times);
  }

  /** Every agent has answered for the list that it shall have. */
  get isSettled(): boolean {
    return this.#dirty.size === 0 && this.#calling.size === 0;
  }

  /** The agent's list is out of date, or may be. */
  touch(agentUid: string): void {
    this.#dirty.add(agentUid);
  }

  /** Start a new round of asking at once, e.g. because an agent joined. */
  retryNow(): void {
    this.#asked.clear();
    this.#retryAtMs = null;
  }

  /**
   * The calls to make now. Chooses an agent for each pod that has none.
   * @param drainLimitMs for pods that are stopping; null = as long as it takes
   * @returns `isStuck`: some pod has been refused by all; ask the control plane for a newer list of agents
   */
  plan(
    book: PodBook,
    agents: readonly AgentRef[],
    context: { readonly revisionUid: string; readonly template: PodTemplate; readonly drainLimitMs: number | null },
    nowMs: number,
  ): { readonly calls: AssignCall[]; readonly isStuck: boolean } {
    if (this.#retryAtMs !== null && nowMs >= this.#retryAtMs) this.retryNow();
    let isStuck = false;
    if (this.#retryAtMs === null) {
      for (const pod of book.all()) {
        if (pod.state !== "placing" || pod.agentUid !== null) continue;
        if (!this.#choose(pod, book, agents, context.template.driver, nowMs)) isStuck = true;
      }
    }
    if (isStuck) this.#retryAtMs = Math.min(nowMs + PLACE_RETRY_MS, ...this.#callableAtMs(nowMs));
    return { calls: this.#calls(book, context, nowMs), isStuck };
  }

  /** The Agent object answered a call. */
  answered(call: AssignCall, result: AssignmentResult, book: PodBook, nowMs: number): void {
    this.#calling.delete(call.agentUid);
    this.#notBeforeMs.delete(call.agentUid);
    const refused = new Map(result.refused.map((entry) => [entry.podId, entry.reason]));
    if (refused.size === 0) this.refusals.delete(call.agentUid);
    for (const { podId } of call.assignment.pods) {
      const pod = book.get(podId);
      if (pod === undefined || pod.agentUid !== call.agentUid || pod.state !== "placing") continue;
      const reason = refused.get(podId);
      if (reason === undefined) {
        book.put(inState(pod, "starting", nowMs));
        this.#asked.delete(podId);
      } else this.#refuse(pod, call.agentUid, reason, book, nowMs);
    }
  }

  /**
   * The call failed: the object was reset or overloaded. Whether it took the pods is unknown, so it is told again, after
   * a while; its pods try the other agents at once.
   */
  failed(call: AssignCall, reason: string, book: PodBook, nowMs: number): void {
    this.#calling.delete(call.agentUid);
    for (const pod of book.onAgent(call.agentUid)) {
      if (pod.state === "placing") this.#refuse(pod, call.agentUid, reason, book, nowMs);
    }
    this.touch(call.agentUid);
    this.#notBeforeMs.set(call.agentUid, nowMs + CALL_RETRY_MS);
  }

  /** Moments to come at which an agent that did not answer may be asked again. */
  #callableAtMs(nowMs: number): number[] {
    return [...this.#notBeforeMs.values()].filter((atMs) => atMs > nowMs);
  }

  #refuse(pod: PodRecord, agentUid: string, reason: string, book: PodBook, nowMs: number): void {
    this.#refusedAtMs.set(agentUid, nowMs);
    this.refusals.set(agentUid, reason);
    const asked = this.#asked.get(pod.podId) ?? new Set();
    asked.add(agentUid);
    this.#asked.set(pod.podId, asked);
    book.put({ ...pod, agentUid: null });
  }

  #choose(pod: PodRecord, book: PodBook, agents: readonly AgentRef[], driver: string, nowMs: number): boolean {
    const asked = this.#asked.get(pod.podId);
    const next = agentsToAsk(agents, book.all(), driver, this.#refusedAtMs, nowMs).find((uid) => !asked?.has(uid));
    if (next === undefined) return false;
    book.put({ ...pod, agentUid: next });
    this.touch(next);
    return true;
  }

  #calls(
    book: PodBook,
    context: { readonly revisionUid: string; readonly template: PodTemplate; readonly drainLimitMs: number | null },
    nowMs: number,
  ): AssignCall[] {
    const calls: AssignCall[] = [];
    for (const agentUid of this.#dirty) {
      if (this.#calling.has(agentUid) || nowMs < (this.#notBeforeMs.get(agentUid) ?? 0)) continue;
      this.#dirty.delete(agentUid);
      // Never below the time: a sequence whose record was lost with the object is not used a second time.
      this.#sequence = Math.max(this.#sequence + 1, nowMs);
      this.#calling.set(agentUid, this.#sequence);
      const pods = book.onAgent(agentUid).map(
        (pod): DesiredPod => ({
          podId: pod.podId,
          revisionUid: context.revisionUid,
          wanted: pod.state === "stopping" ? "retiring" : "running",
          drainLimitMs: context.drainLimitMs,
          createdAtMs: pod.createdAtMs,
          ...(pod.state === "stopping" ? { retiringSinceMs: pod.sinceMs } : {}),
          template: context.template,
        }),
      );
      calls.push({ agentUid, assignment: { revisionUid: context.revisionUid, sequence: this.#sequence, pods } });
    }
    return calls;
  }
}
