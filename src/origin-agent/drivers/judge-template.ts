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
  const fields = (template.features ?? []).filter(({ feature }) => !supported.has(feature)).map(({ field }) => field);
  if (fields.length === 0) return null;
  const revision = `revision ${template.namespace}/${template.revision}`;
  return {
    reason: "FeatureUnsupported",
    message:
      `${revision} asks for what the ${driverName} driver does not do: ${fields.join(", ")}. ` +
      `Remove ${fields.length === 1 ? "it" : "them"} from the template, or choose another driver with the annotation rouse.dev/driver`,
  };
}
