/** Fills a template in, by the rules of Go's text/template. */
import { type Expression, parseTemplate, type Template } from "./parse.ts";

/** Field → text, or a map of texts. */
export type TemplateData = Readonly<Record<string, string | Readonly<Record<string, string>>>>;

export type ExecutedTemplate =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly message: string };

/**
 * Parses a template and fills it in.
 * @returns the text, or why there is none
 */
export function renderTemplate(template: string, data: TemplateData): ExecutedTemplate {
  const parsed = parseTemplate(template);
  return parsed.ok ? executeTemplate(parsed.template, data) : parsed;
}

/**
 * @returns the text, or why there is none: a field that the data does not have, or a value of the wrong kind. A key that
 *   a map lacks is no error: with `.` it prints `<no value>`, with `index` nothing, and both count as false.
 */
export function executeTemplate(template: Template, data: TemplateData): ExecutedTemplate {
  const parts: string[] = [];
  for (const node of template) {
    if (node.type === "text") {
      parts.push(node.text);
      continue;
    }
    const result = evaluate(node.type === "print" ? node.value : node.condition, data);
    if (!result.ok) return result;
    if (node.type === "print") {
      parts.push(print(result.value));
      continue;
    }
    const branch = executeTemplate(isTrue(result.value) ? node.then : node.otherwise, data);
    if (!branch.ok) return branch;
    parts.push(branch.text);
  }
  return { ok: true, text: parts.join("") };
}

/** undefined is a key that a map lacks. */
type Value = string | boolean | Readonly<Record<string, string>> | TemplateData | undefined;
type Evaluated = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly message: string };

function evaluate(expression: Expression, data: TemplateData): Evaluated {
  switch (expression.type) {
    case "literal":
      return { ok: true, value: expression.value };
    case "field":
      return fieldOf(data, expression.path);
    case "call":
      return call(expression, data);
  }
}

function fieldOf(data: TemplateData, [field, key, ...deeper]: readonly string[]): Evaluated {
  if (field === undefined) return { ok: true, value: data };
  const value = Object.hasOwn(data, field) ? data[field] : undefined;
  if (value === undefined) {
    const known = Object.keys(data).map((name) => `.${name}`);
    return { ok: false, message: `can't evaluate field ${field}; there are ${known.join(", ")}` };
  }
  if (key === undefined) return { ok: true, value };
  if (typeof value === "string" || deeper.length > 0) {
    return { ok: false, message: `can't evaluate field ${deeper.at(-1) ?? key} in a text` };
  }
  return { ok: true, value: Object.hasOwn(value, key) ? value[key] : undefined };
}

function call({ name, args }: Expression & { readonly type: "call" }, data: TemplateData): Evaluated {
  const values: Value[] = [];
  for (const argument of args) {
    const result = evaluate(argument, data);
    if (!result.ok) return result;
    values.push(result.value);
    // `and` and `or` stop at the argument that decides.
    if ((name === "and" && !isTrue(result.value)) || (name === "or" && isTrue(result.value))) break;
  }
  switch (name) {
    case "index":
      return index(values);
    case "eq":
    case "ne":
      return compare(name, values);
    case "and":
    case "or":
      return { ok: true, value: values.at(-1) };
    case "not":
      return { ok: true, value: !isTrue(values[0]) };
  }
}

function index([map, key, ...deeper]: readonly Value[]): Evaluated {
  if (key === undefined) return { ok: true, value: map };
  if (typeof map !== "object" || typeof key !== "string" || deeper.length > 0) {
    return { ok: false, message: "index needs a map and one text" };
  }
  const value = Object.hasOwn(map, key) ? map[key] : "";
  return { ok: true, value };
}

/** A missing value equals nothing but another missing one. */
function compare(name: "eq" | "ne", [first, ...others]: readonly Value[]): Evaluated {
  for (const other of others) {
    const isBad = typeof first === "object" || typeof other === "object";
    if (isBad || (first !== undefined && other !== undefined && typeof first !== typeof other)) {
      return { ok: false, message: `${name}: incompatible types for comparison` };
    }
  }
  return { ok: true, value: (name === "eq") === others.includes(first) };
}

function isTrue(value: Value): boolean {
  return typeof value === "object" ? Object.keys(value).length > 0 : Boolean(value);
}

function print(value: Value): string {
  if (value === undefined) return "<no value>";
  if (typeof value !== "object") return String(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${entries.map(([key, item]) => `${key}:${print(item)}`).join(" ")}]`;
}
