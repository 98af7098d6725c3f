/**
 * Validation problems in the form of knative.dev/pkg/apis.FieldError: a message, the paths it is about, and details.
 *
 *     invalid value: -1: spec.template.spec.containerConcurrency
 *     missing field(s): spec.template.spec.containers
 *
 * Validators return lists of FieldError with paths relative to what they were given; `at` puts them under a parent.
 */
import { cutText, joinBounded } from "./bounded-text.ts";

export type FieldError = {
  readonly message: string;
  /** "" names the value itself. */
  readonly paths: readonly string[];
  readonly details?: string;
};

export const missingField = (...paths: string[]): FieldError => ({ message: "missing field(s)", paths });
/** For what has no helper of its own. */
export const generic = (message: string, path: string, details?: string): FieldError =>
  withDetails({ message, paths: [path] }, details);
export const disallowedField = (path: string, details?: string): FieldError =>
  withDetails({ message: "must not set the field(s)", paths: [path] }, details);
export const invalidValue = (value: unknown, path: string, details?: string): FieldError =>
  withDetails({ message: `invalid value: ${display(value)}`, paths: [path] }, details);
export const invalidKey = (key: string, path: string, details?: string): FieldError =>
  withDetails({ message: `invalid key name ${JSON.stringify(key)}`, paths: [path] }, details);
export const outOfBounds = (value: number, low: number, high: number, path: string): FieldError => ({
  message: `expected ${low} <= ${value} <= ${high}`,
  paths: [path],
});
export const missingOneOf = (...paths: string[]): FieldError => ({
  message: "expected exactly one, got neither",
  paths,
});
export const multipleOneOf = (...paths: string[]): FieldError => ({ message: "expected exactly one, got both", paths });

/** The same problems, seen from the parent: `at("spec", ...)`, `at("containers[0]", ...)`. */
export function at(parent: string, errors: readonly FieldError[]): FieldError[] {
  return errors.map((error) => ({ ...error, paths: error.paths.map((path) => join(parent, path)) }));
}

/**
 * One text for all problems, or for the first of many: equal messages share a line, lines are sorted, details follow on
 * their own line.
 */
export function formatFieldErrors(errors: readonly FieldError[]): string {
  const merged = new Map<string, { message: string; paths: Set<string>; details: string }>();
  for (const { message, paths, details = "" } of errors) {
    const id = `${message}\n${details}`;
    const entry = merged.get(id) ?? { message, paths: new Set<string>(), details };
    for (const path of paths) entry.paths.add(path);
    merged.set(id, entry);
  }
  const lines = [...merged.values()]
    .sort((a, b) => compare(a.message, b.message) || compare(a.details, b.details))
    .map(({ message, paths, details }) => {
      const where = [...paths].filter((path) => path !== "").sort();
      const line = where.length > 0 ? `${cutText(message)}: ${joinBounded(where, ", ")}` : message;
      return details === "" ? line : `${line}\n${details}`;
    });
  return joinBounded(lines, "\n");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function join(parent: string, path: string): string {
  if (path === "") return parent;
  return path.startsWith("[") ? `${parent}${path}` : `${parent}.${path}`;
}

function withDetails(error: FieldError, details: string | undefined): FieldError {
  return details === undefined || details === "" ? error : { ...error, details };
}

/** A value of the wrong type may be a whole document; its beginning says which one it is. */
const MAX_DISPLAY_CHARS = 200;

function display(value: unknown): string {
  if (typeof value === "string") return value;
  const text = JSON.stringify(value) ?? "";
  return text.length <= MAX_DISPLAY_CHARS ? text : `${text.slice(0, MAX_DISPLAY_CHARS)}…`;
}
