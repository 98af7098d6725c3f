/** What the author of an accepted object should know: what is taken, as Knative takes it, and has no effect here. */
import { SCALING_KEYS } from "../autoscaler/annotations.ts";
import { CONFIG_MAPS, sectionOf } from "../config/config-maps.ts";
import { EXAMPLE_KEY } from "../config/rows.ts";
import { ANNOTATION_DRIVER, AUTOSCALING_PREFIX } from "./annotations.ts";
import { SYSTEM_NAMESPACE } from "./config-map.ts";
import type { KubeObject } from "./object.ts";
import type { ConfigurationSpec } from "./serving.ts";

/** @returns a sentence per warning, each for one HTTP header `Warning`; empty for most objects */
export function warningsOf(object: KubeObject): string[] {
  if (object.kind === "ConfigMap") return warnAboutConfig(object);
  if (object.kind !== "Service" && object.kind !== "Configuration") return [];
  const annotations = (object.spec as ConfigurationSpec).template.metadata?.annotations ?? {};
  const unknown = Object.keys(annotations).filter(
    (key) => key.startsWith(AUTOSCALING_PREFIX) && !SCALING_KEYS.includes(key),
  );
  return [
    ...unknown.map((key) => `unknown annotation ${key}: it has no effect`),
    ...(annotations[ANNOTATION_DRIVER] === "docker"
      ? [`${ANNOTATION_DRIVER}: this version has no docker driver; use process`]
      : []),
  ];
}

/** Knative ignores what it does not know; a misspelled key deserves a word. */
function warnAboutConfig({ metadata, data = {} }: KubeObject): string[] {
  const section = metadata.namespace === SYSTEM_NAMESPACE ? sectionOf(metadata.name) : undefined;
  if (section === undefined) return [];
  return Object.entries(data)
    .filter(([key, text]) => key !== EXAMPLE_KEY && !CONFIG_MAPS[section].hasEffect(key, text))
    .map(([key]) => `data.${key} of ${metadata.name} has no effect`);
}
