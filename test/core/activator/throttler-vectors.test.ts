/**
 * Knative's throttler against our activator. There is one activator per revision here, and a pod's tickets count until they
 * come back, so a trace is followed up to the first operation that supposes otherwise: another activator, or a pod that leaves
 * with requests in it (Knative then gives up the pod's tracker and lets the requests occupy the revision's breaker).
 */
import { describe, expect, it } from "vitest";
import { Activator } from "../../../src/core/activator/activator.ts";
import { newPodLoad } from "../../../src/core/activator/ledger.ts";
import { pickPod } from "../../../src/core/activator/policy.ts";
import { loadVectors } from "../../vectors.ts";

type Op = {
  readonly op: "pods" | "request" | "finish" | "cancel_queued" | "activators";
  readonly healthy_pods?: readonly string[];
  readonly dest?: string;
  readonly want_outcome?: string;
  readonly want_started: readonly string[];
  readonly want_running_per_pod: Readonly<Record<string, number>>;
  readonly want_queued: number;
};

type Case = {
  readonly id: string;
  readonly kind: string;
  readonly container_concurrency: number;
  readonly ops?: readonly Op[];
  readonly activator_count: number;
  readonly backend_count: number;
  readonly num_assigned_trackers: number;
  readonly want_lb_policy?: string;
  readonly want_capacity: number;
};

const { cases } = loadVectors<Case>("throttler");

/** The part of a trace that one activator with a lasting ledger can follow. */
function comparable(ops: readonly Op[]): Op[] {
  let running: Readonly<Record<string, number>> = {};
  const end = ops.findIndex((op) => {
    const leaves = op.op === "pods" && Object.keys(running).some((pod) => !op.healthy_pods?.includes(pod));
    running = op.want_running_per_pod;
    return op.op === "activators" || leaves;
  });
  return ops.slice(0, end === -1 ? ops.length : end);
}

class Throttler {
  readonly #activator = new Activator();
  readonly #capacity: number;
  /** Running requests in order of arrival: ticket and pod. */
  #running: { readonly ticketId: string; readonly podId: string }[] = [];
  #queued: string[] = [];
  #count = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  do(op: Op) {
    const outcome = this.#outcome(op);
    const started: string[] = [];
    for (const grant of this.#activator.pump(0)) {
      if (grant.kind !== "ticket") continue;
      expect(grant.requestId).toBe(this.#queued.shift());
      this.#running.push(grant);
      started.push(grant.podId);
    }
    const perPod: Record<string, number> = {};
    for (const { podId } of this.#running) perPod[podId] = (perPod[podId] ?? 0) + 1;
    const result = outcome === "asked" ? (started.length > 0 ? "running" : "queued") : outcome;
    return { result, started: started.sort(), perPod, queued: this.#activator.held };
  }

  #outcome(op: Op): string | undefined {
    if (op.op === "pods") this.#activator.setReadyPods(op.healthy_pods ?? [], this.#capacity, () => true, 0);
    else if (op.op === "request") return this.#ask();
    else if (op.op === "finish") return this.#finish(op.dest);
    else if (op.op === "cancel_queued") return this.#activator.cancel(this.#queued.shift() ?? "") ? "canceled" : "none";
    return undefined;
  }

  #ask(): string {
    const requestId = `r${(this.#count += 1)}`;
    this.#queued.push(requestId);
    const times = { arrivedAtMs: this.#count, deadlineMs: 1e9, attempt: 0 };
    this.#activator.arrive({ requestId, ...times, avoidPods: [], needTicket: false }, 0);
    return "asked";
  }

  #finish(podId: string | undefined): string {
    const found = this.#running.find((request) => request.podId === podId);
    if (found === undefined) return "none";
    this.#running = this.#running.filter((request) => request !== found);
    this.#activator.release(found.ticketId);
    return "finished";
  }
}

const isTrace = ({ kind }: Case) => kind.startsWith("trace_") && kind !== "trace_unlimited";

describe("throttler.json", () => {
  for (const { id, ops = [], container_concurrency } of cases.filter(isTrace)) {
    const steps = comparable(ops);
    const rest = steps.length === ops.length ? "" : `; the rest needs several activators or lost trackers`;
    it(`follows ${id} for ${steps.length} of ${ops.length} operations${rest}`, () => {
      const throttler = new Throttler(container_concurrency);
      for (const op of steps) {
        const got = throttler.do(op);
        expect(got).toEqual({
          result: op.want_outcome,
          started: op.want_started,
          perPod: op.want_running_per_pod,
          queued: op.want_queued,
        });
      }
      expect(steps.length + ops.length).toBeGreaterThan(0);
    });
  }

  const capacities = cases.filter(
    ({ kind, activator_count, num_assigned_trackers, container_concurrency }) =>
      kind === "capacity" && activator_count === 1 && num_assigned_trackers > 0 && container_concurrency > 0,
  );
  it.each(capacities)("$id: has Knative's capacity and policy with limit $container_concurrency", (vector) => {
    const { container_concurrency, num_assigned_trackers, want_capacity, want_lb_policy } = vector;
    const pods = Array.from({ length: num_assigned_trackers }, (_, n) =>
      newPodLoad(`p${n}`, container_concurrency, true, 0),
    );
    const picked: string[] = [];
    for (let cursor = 0; ; ) {
      const choice = pickPod(pods, cursor, [], false, 0);
      if (choice === null) break;
      ({ cursor } = choice);
      choice.pod.direct += 1;
      picked.push(choice.pod.podId);
    }
    expect(picked).toHaveLength(want_capacity);
    expect(picked[1]).toBe(container_concurrency === 1 || want_lb_policy === "round-robin" ? "p1" : "p0");
  });

  const compatibilityOnly = cases.length - cases.filter(isTrace).length - capacities.length;
  it(`leaves ${compatibilityOnly} cases aside: slices and subsets of several activators, cluster-IP capacity, and random-choice-2, since pods without a limit are leased`, () => {
    const kinds = new Set(cases.filter((vector) => !isTrace(vector)).map(({ kind }) => kind));
    const aside = [
      "activator_subset",
      "assign_slice",
      "capacity",
      "infer_index",
      "pick_indices",
      "random_choice_2",
      "trace_unlimited",
    ];
    expect([...kinds].sort()).toEqual(aside);
  });
});
