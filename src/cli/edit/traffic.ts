/**
 * The traffic of a Service from `--traffic REF=PERCENT`, `--tag REF=TAG` and `--untag TAG`, where REF is a revision, a tag or
 * `@latest`. Tags first, then percents; `--traffic` replaces the whole split, so what it does not name gets nothing.
 */
import { usage } from "../cli-error.ts";
import { splitList } from "./assignments.ts";
import { type Target, withMember } from "./editable-service.ts";
import type { TrafficFlags } from "./service-flags.ts";

export const LATEST = "@latest";

export function changesTraffic({ traffic = [], tag = [], untag = [] }: TrafficFlags): boolean {
  return traffic.length + tag.length + untag.length > 0;
}

/** Revisions that the flags name, so that one that is not there can be told before anything is sent. */
export function namedRevisions(targets: readonly Target[], flags: TrafficFlags): string[] {
  const tags = new Set([...targets.map(({ tag }) => tag), ...parsePairs("--tag", flags.tag).map(([, tag]) => tag)]);
  const tagged = parsePairs("--tag", flags.tag).map(([ref]) => ref);
  const routed = parsePairs("--traffic", flags.traffic)
    .map(([ref]) => ref)
    .filter((ref) => !tags.has(ref));
  return [...new Set([...tagged, ...routed])].filter((ref) => ref !== LATEST);
}

/**
 * @param makesRevision whether the same change makes a revision: then what percents leave over is for `@latest`
 * @throws CliError when percents do not fit or a tag is taken
 */
export function editTraffic(targets: readonly Target[], flags: TrafficFlags, makesRevision: boolean): Target[] {
  let edited = untag(targets, splitList(flags.untag ?? []));
  for (const [ref, tag] of parsePairs("--tag", flags.tag)) edited = addTag(edited, ref, tag);
  const percents = parsePairs("--traffic", flags.traffic).map(([ref, text]) => [ref, parsePercent(text)] as const);
  if (percents.length > 0) edited = split(edited, completed(edited, percents, makesRevision));
  return edited.filter(({ tag, percent = 0 }) => tag !== undefined || percent > 0);
}

function untag(targets: readonly Target[], tags: readonly string[]): Target[] {
  const missing = tags.filter((tag) => !targets.some((target) => target.tag === tag));
  if (missing.length > 0) throw usage(`tag(s) ${missing.join(", ")} not present for any revisions of the service`);
  return targets.map((target) => (tags.includes(target.tag ?? "") ? withMember(target, "tag", undefined) : target));
}

function addTag(targets: readonly Target[], ref: string, tag: string): Target[] {
  if (targets.some((target) => target.tag === tag && isFor(target, ref))) return [...targets];
  if (targets.some((target) => target.tag === tag)) {
    throw usage(`tag '${tag}' is in use by another revision`, `Add --untag ${tag} to move it.`);
  }
  const untagged = targets.findIndex((target) => isFor(target, ref) && target.tag === undefined);
  if (untagged === -1) return [...targets, { ...newTarget(ref), tag, percent: 0 }];
  return targets.map((target, index) => (index === untagged ? { ...target, tag } : target));
}

function split(targets: readonly Target[], percents: readonly (readonly [string, number])[]): Target[] {
  let edited = targets.map((target): Target => ({ ...target, percent: 0 }));
  for (const [ref, percent] of percents) {
    const byTag = edited.findIndex(({ tag }) => tag === ref);
    const index = byTag === -1 ? edited.findIndex((target) => isFor(target, ref)) : byTag;
    if (index === -1) edited = [...edited, { ...newTarget(ref), percent }];
    else edited = edited.map((target, i) => (i === index ? { ...target, percent } : target));
  }
  return edited;
}

/**
 * What the percents leave over goes to a revision that is just being made, else to the one target that was not named: the one
 * with traffic, or where none has any, the one with a tag.
 */
function completed(
  targets: readonly Target[],
  percents: readonly (readonly [string, number])[],
  makesRevision: boolean,
): readonly (readonly [string, number])[] {
  const sum = percents.reduce((total, [, percent]) => total + percent, 0);
  if (sum > 100) throw usage(`given traffic percents sum to ${sum}, want <=100`);
  if (sum === 100) return percents;
  const refs = percents.map(([ref]) => ref);
  const unnamed = targets.filter((target) => !refs.some((ref) => matches(target, ref)));
  const served = unnamed.filter(({ percent = 0 }) => percent > 0);
  const isForNew = makesRevision && !refs.includes(LATEST);
  const [only, ...others] = isForNew ? [newTarget(LATEST)] : served.length > 0 ? served : unnamed;
  if (only === undefined || others.length > 0) {
    throw usage(
      `unable to allocate the remaining traffic: ${100 - sum}%`,
      "Name every revision that shall get traffic, so that the percents sum to 100.",
    );
  }
  return [...percents, [only.tag ?? only.revisionName ?? LATEST, 100 - sum]];
}

function matches(target: Target, ref: string): boolean {
  return target.tag === ref || isFor(target, ref);
}

function isFor(target: Target, ref: string): boolean {
  return ref === LATEST ? target.latestRevision === true : target.revisionName === ref;
}

function newTarget(ref: string): Target {
  return ref === LATEST ? { latestRevision: true } : { revisionName: ref, latestRevision: false };
}

/** `REF=VALUE`; without REF it is `@latest`'s. */
function parsePairs(flag: string, values: readonly string[] = []): (readonly [string, string])[] {
  const seen = new Set<string>();
  return splitList(values).map((text) => {
    const parts = text.split("=");
    const [ref = "", value = ""] = parts.length === 1 ? [LATEST, text] : parts;
    if (parts.length > 2 || ref === "" || value === "") throw usage(`${flag} expects REVISION=VALUE; given '${text}'`);
    const isRepeated = seen.has(flag === "--tag" ? value : ref);
    if (isRepeated) throw usage(`repetition of ${text} is not allowed, use each only once with ${flag}`);
    seen.add(flag === "--tag" ? value : ref);
    return [ref, value] as const;
  });
}

function parsePercent(text: string): number {
  const percent = Number(text.replace(/%$/, ""));
  if (Number.isInteger(percent) && percent >= 0 && percent <= 100) return percent;
  throw usage(`--traffic expects a whole percent from 0 to 100; given '${text}'`);
}
