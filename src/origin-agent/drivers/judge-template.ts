/** Whether a driver can make a pod of a template at all, before anything is made. */
import type { PodFailureReason, PodFeature, PodTemplate } from "../../core/protocol/pod.ts";

/**
 * @param driverName for the message
 * @param supported what the driver does of what not every driver does
 * @returns why not; null when it can
 */
export function judgeTemplate(
  template: PodTemplate,
  driverName: string,
  supported: ReadonlySet<PodFeature["feature"]>,
): { readonly reason: PodFailureReason; readonly message: string } | null {
  if (template.envProblem !== undefined) {
    return { reason: "CreateContainerConfigError", message: template.envProblem };
  }
  const asked = (template.features ?? []).filter(({ feature }) => !supported.has(feature));
  if (asked.length === 0) return null;
  const reasons = asked.map(({ feature, field }) => `${DEEDS[feature] ?? "do what this asks for"} (${field})`);
  return {
    reason: "FeatureUnsupported",
    message:
      `revision ${template.namespace}/${template.revision}: the ${driverName} driver does not ${[...new Set(reasons)].join(", ")}. ` +
      `Remove ${asked.length === 1 ? "it" : "them"} from the template`,
  };
}

/** The end of "the driver does not …"; an edge of a later version may ask for what is not in it. */
const DEEDS: Readonly<Partial<Record<string, string>>> = {
  sidecar: "run a second container",
  "init-container": "run init containers",
  volume: "mount volumes",
  "field-reference": "give fields of the pod as variables",
  "exec-probe": "probe with a command",
  "grpc-probe": "probe with gRPC",
  "probe-of-other-port": "probe another port than the container's",
  "liveness-probe": "probe liveness",
  "startup-probe": "probe the startup",
  "run-as": "change the user or group",
  "read-only-root": "make the root file system read-only",
  capability: "add capabilities",
  scheduling: "choose where a pod runs or how it resolves names",
} satisfies Record<PodFeature["feature"], string>;
