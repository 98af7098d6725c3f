/** The autoscaler's annotations on the template, from the `--scale` family of flags. */

import { AUTOSCALING_PREFIX } from "../../core/resource/annotations.ts";
import { usage } from "../cli-error.ts";
import type { Assignments } from "./assignments.ts";
import type { ServiceFlags } from "./service-flags.ts";

const key = (name: string) => `${AUTOSCALING_PREFIX}${name}`;

/** @throws CliError when two flags say the same thing */
export function scalingAnnotations(flags: ServiceFlags): Assignments {
  if (flags.scale !== undefined && (flags.scaleMin !== undefined || flags.scaleMax !== undefined)) {
    throw usage(`only --scale or ${flags.scaleMax !== undefined ? "--scale-max" : "--scale-min"} can be specified`);
  }
  const range = flags.scale === undefined ? { min: flags.scaleMin, max: flags.scaleMax } : parseScale(flags.scale);
  const wishes: readonly (readonly [string, string | number | null | undefined])[] = [
    [key("min-scale"), range.min],
    [key("max-scale"), range.max],
    [key("initial-scale"), flags.scaleInit],
    [key("activation-scale"), flags.scaleActivation],
    [key("metric"), flags.scaleMetric],
    [key("target"), flags.scaleTarget ?? flags.concurrencyTarget],
    [key("target-utilization-percentage"), flags.scaleUtilization ?? flags.concurrencyUtilization],
    [key("window"), flags.scaleWindow],
  ];
  return {
    set: new Map(wishes.flatMap(([name, value]) => (value == null ? [] : [[name, String(value)]]))),
    remove: new Set(wishes.flatMap(([name, value]) => (value === null ? [name] : []))),
  };
}

/**
 *     5     → 5 and 5       1..5  → 1 and 5
 *     1..   → from 1 on     ..5   → up to 5
 *
 * @returns null for a bound that shall not be
 */
function parseScale(text: string): { readonly min: number | null; readonly max: number | null } {
  const match = /^(\d*)(\.\.)?(\d*)$/.exec(text);
  const [, min = "", dots, max = ""] = match ?? [];
  if (match === null || (min === "" && max === "")) {
    throw usage(`--scale must be of the format N, MIN..MAX, MIN.. or ..MAX; given '${text}'`);
  }
  if (dots === undefined) return { min: Number(min), max: Number(min) };
  return { min: min === "" ? null : Number(min), max: max === "" ? null : Number(max) };
}
