/** What the author of an accepted object should know: what is taken, as Knative takes it, and has no effect here. */
import { SCALING_KEYS } from "../autoscaler/annotations.ts";
import { ANNOTATION_DRIVER, AUTOSCALING_PREFIX } from "./annotations.ts";
import type { KubeObject } from "./object.ts";
import type { ConfigurationSpec } from "./serving.ts";

/** @returns a sentence per warning, each for one HTTP header `Warning`; empty for most objects */
export function warningsOf(object: KubeObject): string[] {
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
