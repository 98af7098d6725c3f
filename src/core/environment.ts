/**
 * The environment of a pod, and `$(NAME)` in its command, args and variables as Kubernetes expands it.
 */
import type { PodTemplate } from "./protocol/pod.ts";

/** Variables that Rouse sets; a template cannot override them. */
export const RESERVED_VARIABLES = ["PORT", "K_SERVICE", "K_CONFIGURATION", "K_REVISION"] as const;

/**
 * Replaces `$(NAME)` by the variable's value. `$$` stands for one `$`, so `$$(NAME)` stays text; a name that is not set
 * leaves the reference as it is; any other `$` is itself.
 * Source: Kubernetes, "Define dependent environment variables", third_party/forked/golang/expansion.
 */
export function expandVariables(text: string, variables: Readonly<Record<string, string>>): string {
  if (!text.includes("$")) return text;
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (reference, name: string | undefined) => {
    if (name === undefined) return "$";
    return Object.hasOwn(variables, name) ? (variables[name] ?? reference) : reference;
  });
}

/**
 * The variables of a pod: what it inherits, Rouse's own, then the template's in their order. A value may refer to what
 * stands before it, unless it comes from a ConfigMap or Secret.
 * @param inherited the few variables of the machine that a program needs to run (PATH, HOME, ...)
 */
export function podEnvironment(
  template: PodTemplate,
  port: number,
  inherited: Readonly<Record<string, string>>,
): Record<string, string> {
  const own: Record<string, string> = {
    PORT: String(port),
    K_SERVICE: template.service,
    K_CONFIGURATION: template.configuration,
    K_REVISION: template.revision,
  };
  const variables: Record<string, string> = { ...inherited, ...own };
  for (const { name, value, isLiteral } of template.env) {
    variables[name] = isLiteral === true ? value : expandVariables(value, variables);
  }
  return { ...variables, ...own };
}

/** The command line with its references expanded: `command` then `args`. */
export function podCommandLine(template: PodTemplate, environment: Readonly<Record<string, string>>): string[] {
  return [...template.command, ...template.args].map((word) => expandVariables(word, environment));
}
