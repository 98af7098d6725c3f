/** What `spec.traffic` must be. Source: Knative's route_validation.go and service_validation.go. */
import { dns1035LabelProblem, isQualifiedKey } from "../name.ts";
import {
  at,
  disallowedField,
  type FieldError,
  invalidKey,
  invalidValue,
  missingOneOf,
  multipleOneOf,
  outOfBounds,
} from "./field-error.ts";
import type { TrafficTarget } from "./serving.ts";

/**
 * @param owner a Service's targets name revisions or nothing (its own latest); a Route's name a configuration or a revision
 * @returns problems with paths relative to the spec
 */
export function validateTraffic(targets: readonly TrafficTarget[], owner: "Service" | "Route"): FieldError[] {
  const sum = targets.reduce((total, target) => total + (target.percent ?? 0), 0);
  return [
    ...targets.flatMap((target, i) => at(`traffic[${i}]`, validateTarget(target, owner))),
    ...targets.flatMap((target, i) => at("traffic", validateTag(target.tag ?? "", i))),
    ...duplicateTags(targets),
    ...(sum === 100 ? [] : [{ message: `Traffic targets sum to ${sum}, want 100`, paths: ["traffic"] }]),
  ];
}

function validateTarget(target: TrafficTarget, owner: "Service" | "Route"): FieldError[] {
  const percent = target.percent ?? 0;
  return [
    ...(percent < 0 || percent > 100 ? [outOfBounds(percent, 0, 100, "percent")] : []),
    ...validateReferent(target, owner),
    ...validateLatest(target),
    ...(target.url ? [disallowedField("url")] : []),
  ];
}

function validateReferent(target: TrafficTarget, owner: "Service" | "Route"): FieldError[] {
  const { revisionName = "", configurationName = "" } = target;
  if (owner === "Service" && configurationName !== "") return [disallowedField("configurationName")];
  if (revisionName !== "" && configurationName !== "") return [multipleOneOf("revisionName", "configurationName")];
  if (revisionName !== "") return validateReferentName(revisionName, "revisionName");
  if (configurationName !== "") return validateReferentName(configurationName, "configurationName");
  return owner === "Service" ? [] : [missingOneOf("revisionName", "configurationName")];
}

function validateReferentName(name: string, path: string): FieldError[] {
  return isQualifiedKey(name) ? [] : [invalidKey(name, path, "must be the name of an object")];
}

function validateLatest({ latestRevision, revisionName = "" }: TrafficTarget): FieldError[] {
  if (latestRevision === undefined || latestRevision === (revisionName === "")) return [];
  const message = latestRevision
    ? `may not set revisionName ${JSON.stringify(revisionName)} when latestRevision is true`
    : `may not set revisionName "" when latestRevision is false`;
  return [{ message, paths: ["latestRevision"] }];
}

/** Knative puts the place behind the field here. */
function validateTag(tag: string, i: number): FieldError[] {
  const problem = tag === "" ? null : dns1035LabelProblem(tag);
  return problem === null ? [] : [invalidValue(`not a DNS 1035 label: [${problem}]`, `tag[${i}]`)];
}

function duplicateTags(targets: readonly TrafficTarget[]): FieldError[] {
  const pathsOf = new Map<string, string[]>();
  for (const [i, { tag = "" }] of targets.entries()) {
    if (tag === "") continue;
    const paths = pathsOf.get(tag) ?? [];
    paths.push(`traffic[${i}].tag`);
    pathsOf.set(tag, paths);
  }
  return [...pathsOf].flatMap(([tag, paths]) =>
    paths.length > 1 ? [{ message: `Multiple definitions for ${JSON.stringify(tag)}`, paths }] : [],
  );
}
