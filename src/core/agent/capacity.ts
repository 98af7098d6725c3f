/**
 * Whether a machine takes a pod. The Agent object decides for its machine, so two revisions that ask at the same moment
 * cannot both get the last place.
 */
import type { AgentCapacity, AgentConnection } from "../protocol/objects.ts";
import type { DesiredPod } from "../protocol/pod.ts";

export type Machine = {
  readonly connection: AgentConnection | "NeverSeen";
  readonly drivers: readonly string[];
  readonly capacity: AgentCapacity;
};

/**
 * Sorts a new assignment of one revision into pods that the machine takes and pods that it refuses. What it took before
 * is never refused, nor is a pod that retires.
 * @param before  ids that the machine has of this revision
 * @param others  pods that it has of all other revisions
 */
export function admitPods(
  machine: Machine,
  wanted: readonly DesiredPod[],
  before: ReadonlySet<string>,
  others: number,
): { readonly accepted: readonly DesiredPod[]; readonly refused: readonly { podId: string; reason: string }[] } {
  const accepted: DesiredPod[] = [];
  const refused: { podId: string; reason: string }[] = [];
  let count = others + wanted.filter((pod) => before.has(pod.podId)).length;
  for (const pod of wanted) {
    const isTaken = before.has(pod.podId) || pod.wanted === "retiring";
    const reason = isTaken ? null : refusal(machine, pod, count);
    if (reason !== null) {
      refused.push({ podId: pod.podId, reason });
      continue;
    }
    if (!isTaken) count += 1;
    accepted.push(pod);
  }
  return { accepted, refused };
}

function refusal(machine: Machine, pod: DesiredPod, count: number): string | null {
  if (machine.connection !== "Connected") return "its agent is not connected";
  const { driver } = pod.template;
  if (driver !== "auto" && !machine.drivers.includes(driver)) return `it does not offer the driver "${driver}"`;
  if (machine.drivers.length === 0) return "it offers no driver";
  if (count >= machine.capacity.pods) return `it runs ${count} of at most ${machine.capacity.pods} pods`;
  return null;
}
