/**
 * Which revision of a split takes one request.
 */
import type { RouteTarget } from "../protocol/objects.ts";

/**
 * @param targets their percents sum to 100; a target at 0 is never picked
 * @param random uniform in [0, 1), one per request
 * @returns the target, or undefined when no target has a share
 */
export function pickTarget(targets: readonly RouteTarget[], random: number): RouteTarget | undefined {
  const only = targets[0];
  if (targets.length === 1 && only !== undefined && only.percent > 0) return only;
  let rest = random * 100;
  let last: RouteTarget | undefined;
  for (const target of targets) {
    if (target.percent <= 0) continue;
    rest -= target.percent;
    last = target;
    if (rest < 0) return target;
  }
  // Rounding may leave a sliver at the very end of the range.
  return last;
}
