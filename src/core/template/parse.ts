/**
 * The part of Go's text/template that names of hosts and containers are made with:
 *
 *     text   {{.Field}}   {{.Map.key}}   {{index .Map "key"}}   {{"text"}}   {{- trimmed -}}   {{/* … *\/}}
 *     {{if EXPRESSION}} … {{else if EXPRESSION}} … {{else}} … {{end}}
 *     functions: index, eq, ne, and, or, not; parentheses around a call
 *
 * Whatever else text/template can do is refused by name, so that a template never means something else here.
 * Source: https://pkg.go.dev/text/template
 */

export type Template = readonly TemplateNode[];

export type TemplateNode =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "print"; readonly value: Expression }
  | { readonly type: "if"; readonly condition: Expression; readonly then: Template; readonly otherwise: Template };

export type Expression =
  | { readonly type: "literal"; readonly value: string | boolean }
  /** `.Labels.region` is ["Labels", "region"]; `.` is []. */
  | { readonly type: "field"; readonly path: readonly string[] }
  | { readonly type: "call"; readonly name: FunctionName; readonly args: readonly Expression[] };

export type FunctionName = "index" | "eq" | "ne" | "and" | "or" | "not";

export type ParsedTemplate =
  | { readonly ok: true; readonly template: Template }
  | { readonly ok: false; readonly message: string };

/** Bounds the recursion; a host has at most 253 characters. */
const MAX_CHARS = 1_024;

/** @returns the template, or what is wrong with it */
export function parseTemplate(text: string): ParsedTemplate {
  try {
    if (text.length > MAX_CHARS) throw new TemplateProblem(`longer than ${MAX_CHARS} characters`);
    const { nodes, stop } = parseNodes(split(text), 0);
    if (stop !== null) throw new TemplateProblem(`unexpected {{${stop}}}`);
    return { ok: true, template: nodes };
  } catch (error) {
    if (error instanceof TemplateProblem) return { ok: false, message: error.message };
    throw error;
  }
}

/** Unwinds the recursive descent; never leaves this file. */
class TemplateProblem extends Error {}

type Item = { readonly type: "text" | "action"; readonly text: string };

/** Cuts at `{{` and `}}`; a minus sign beside them takes the white space of the text next to it away. */
function split(text: string): Item[] {
  const items: Item[] = [];
  let isTrimmed = false;
  let position = 0;
  for (;;) {
    const open = text.indexOf("{{", position);
    const literal = open === -1 ? text.slice(position) : text.slice(position, open);
    const isTrimmedRight = open !== -1 && /^-\s/.test(text.slice(open + 2, open + 4));
    const left = isTrimmed ? literal.trimStart() : literal;
    const trimmed = isTrimmedRight ? left.trimEnd() : left;
    if (trimmed !== "") items.push({ type: "text", text: trimmed });
    if (open === -1) return items;
    const start = open + (isTrimmedRight ? 3 : 2);
    const close = closingBraces(text, start);
    if (close === -1) throw new TemplateProblem("unclosed action");
    const action = text.slice(start, close);
    isTrimmed = /\s-$/.test(action);
    items.push({ type: "action", text: (isTrimmed ? action.slice(0, -1) : action).trim() });
    position = close + 2;
  }
}

/** Where the action ends: braces inside its strings do not count. */
function closingBraces(text: string, start: number): number {
  const inside = /"(?:[^"\\\n]|\\.)*"|`[^`]*`|\}\}/g;
  inside.lastIndex = start;
  for (let match = inside.exec(text); match !== null; match = inside.exec(text)) {
    if (match[0] === "}}") return match.index;
  }
  return -1;
}

type Nodes = {
  readonly nodes: TemplateNode[];
  /** Index of the first item that is not part of them. */
  readonly rest: number;
  /** The action that ended them; null = the end of the template. */
  readonly stop: string | null;
};

function parseNodes(items: readonly Item[], start: number): Nodes {
  const nodes: TemplateNode[] = [];
  for (let i = start; i < items.length; ) {
    const { type, text } = items[i] ?? { type: "text", text: "" };
    i += 1;
    if (type === "text") nodes.push({ type, text });
    else if (text === "end" || text === "else" || /^else\s/.test(text)) return { nodes, rest: i, stop: text };
    else if (/^if\b/.test(text)) {
      const branch = parseIf(items, i, text.slice(2));
      nodes.push(branch.node);
      i = branch.rest;
    } else if (!/^\/\*[^]*\*\/$/.test(text)) nodes.push({ type: "print", value: parseExpression(text) });
  }
  return { nodes, rest: items.length, stop: null };
}

function parseIf(
  items: readonly Item[],
  start: number,
  condition: string,
): { readonly node: TemplateNode; readonly rest: number } {
  const then = parseNodes(items, start);
  const node = (otherwise: Template): TemplateNode => ({
    type: "if",
    condition: parseExpression(condition),
    then: then.nodes,
    otherwise,
  });
  if (then.stop === "end") return { node: node([]), rest: then.rest };
  if (then.stop === null) throw new TemplateProblem("{{if}} has no {{end}}");
  const chained = /^else\s+if\b(.*)$/s.exec(then.stop);
  if (chained !== null) {
    const branch = parseIf(items, then.rest, chained[1] ?? "");
    return { node: node([branch.node]), rest: branch.rest };
  }
  if (then.stop !== "else") throw new TemplateProblem(`unexpected {{${then.stop}}}`);
  const otherwise = parseNodes(items, then.rest);
  if (otherwise.stop !== "end") throw new TemplateProblem("{{else}} has no {{end}}");
  return { node: node(otherwise.nodes), rest: otherwise.rest };
}

const FUNCTIONS: Readonly<Record<FunctionName, { readonly least: number; readonly most: number }>> = {
  index: { least: 1, most: Number.POSITIVE_INFINITY },
  eq: { least: 2, most: Number.POSITIVE_INFINITY },
  ne: { least: 2, most: 2 },
  and: { least: 1, most: Number.POSITIVE_INFINITY },
  or: { least: 1, most: Number.POSITIVE_INFINITY },
  not: { least: 1, most: 1 },
};

const TOKEN = /\s+|"(?:[^"\\\n]|\\.)*"|`[^`]*`|(?:\.[A-Za-z_]\w*)+|\.|[A-Za-z_]\w*|[()]|[^]/g;

function parseExpression(text: string): Expression {
  const tokens = (text.match(TOKEN) ?? []).filter((token) => token.trim() !== "");
  if (tokens.length === 0) throw new TemplateProblem("missing value in an action");
  const { value, rest } = parseCall(tokens, 0);
  if (rest < tokens.length) throw new TemplateProblem(`unexpected ${JSON.stringify(tokens[rest])} in {{${text}}}`);
  return value;
}

type Read = { readonly value: Expression; readonly rest: number };

/** A function with its operands, or a single operand. */
function parseCall(tokens: readonly string[], start: number): Read {
  const word = tokens[start] ?? "";
  if (!/^[A-Za-z_]/.test(word) || word === "true" || word === "false") return parseOperand(tokens, start);
  if (!isFunction(word)) {
    const known = Object.keys(FUNCTIONS).join(", ");
    throw new TemplateProblem(`${JSON.stringify(word)} is not supported; there are if, else, end and ${known}`);
  }
  const args: Expression[] = [];
  let rest = start + 1;
  while (rest < tokens.length && tokens[rest] !== ")") {
    const operand = parseOperand(tokens, rest);
    args.push(operand.value);
    rest = operand.rest;
  }
  const { least, most } = FUNCTIONS[word];
  if (args.length < least || args.length > most) throw new TemplateProblem(`wrong number of arguments for ${word}`);
  return { value: { type: "call", name: word, args }, rest };
}

function parseOperand(tokens: readonly string[], start: number): Read {
  const token = tokens[start] ?? "";
  const rest = start + 1;
  if (token === "(") {
    const inner = parseCall(tokens, rest);
    if (tokens[inner.rest] !== ")") throw new TemplateProblem("unclosed left paren");
    return { value: inner.value, rest: inner.rest + 1 };
  }
  if (token.startsWith(".")) return { value: { type: "field", path: token.split(".").filter(Boolean) }, rest };
  if (token === "true" || token === "false") return { value: { type: "literal", value: token === "true" }, rest };
  if (token.length > 1 && token.startsWith("`")) return { value: { type: "literal", value: token.slice(1, -1) }, rest };
  if (token.length > 1 && token.startsWith('"')) return { value: { type: "literal", value: unquote(token) }, rest };
  throw new TemplateProblem(`unexpected ${JSON.stringify(token)} in an action`);
}

/** A string of Go, of whose escapes the ones that JSON has too are understood. */
function unquote(token: string): string {
  try {
    return String(JSON.parse(token));
  } catch {
    throw new TemplateProblem(`unknown escape in ${token}`);
  }
}

function isFunction(word: string): word is FunctionName {
  return Object.hasOwn(FUNCTIONS, word);
}
