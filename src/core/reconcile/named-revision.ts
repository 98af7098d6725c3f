/** The names of the revisions of a configuration, above all those that a template brings along. */
import { childName } from "../name.ts";
import { LABEL_CONFIGURATION_GENERATION } from "../resource/annotations.ts";
import { jsonEqual } from "../resource/json.ts";
import { isControlledBy } from "../resource/object.ts";
import type { Configuration, Revision } from "../resource/serving.ts";
import type { Observed } from "./observed.ts";

/** The name of the revision of the configuration's generation: the template's, else one made of name and generation. */
export function nameOfRevision({ metadata, spec }: Configuration): string {
  const named = spec.template?.metadata?.name ?? "";
  return named !== "" ? named : childName(metadata.name, `-${String(metadata.generation).padStart(5, "0")}`);
}

/**
 * The revision that a configuration's template names.
 * @returns null when the template names none or it does not exist; "taken" when it is not this configuration's, or is of
 *   an older generation and differs from the template
 * Source: serving/pkg/reconciler/configuration CheckNameAvailability
 */
export function findNamedRevision(configuration: Configuration, observed: Observed): Revision | null | "taken" {
  const { template } = configuration.spec;
  const name = template.metadata?.name ?? "";
  if (name === "") return null;
  const revision = observed.get("Revision", configuration.metadata.namespace ?? "", name);
  if (revision === null) return null;
  if (!isControlledBy(revision, configuration)) return "taken";
  const generation = revision.metadata.labels?.[LABEL_CONFIGURATION_GENERATION];
  if (generation === String(configuration.metadata.generation)) return revision;
  return jsonEqual(template.spec, revision.spec) ? revision : "taken";
}
