/** labelSelector and fieldSelector of a list or watch. */
import { isLabelValue, isQualifiedKey } from "../name.ts";
import { isJsonObject, memberAt } from "./json.ts";

/** What selectors look at. */
export type Selectable = {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
};

export type Selector = (object: Selectable) => boolean;
export type ParsedSelector =
  | { readonly ok: true; readonly matches: Selector }
  | { readonly ok: false; readonly message: string };

/**
 * Parses `a=b,c!=d,e,!f,g in (x,y),h notin (z)`.
 * @param text "" selects everything
 */
export function parseLabelSelector(text: string): ParsedSelector {
  const rules: Selector[] = [];
  for (const term of splitTerms(text)) {
    const rule = parseTerm(term);
    if (rule === null) return { ok: false, message: `unable to parse requirement: ${JSON.stringify(term)}` };
    rules.push(rule);
  }
  return { ok: true, matches: (object) => rules.every((rule) => rule(object)) };
}

/**
 * Parses `metadata.name=N,status.phase!=Failed`. `\\`, `\,` and `\=` stand for the character itself.
 * @param kind decides which fields there are: every kind has its name and namespace, a few have more, as in Kubernetes
 */
export function parseFieldSelector(text: string, kind = ""): ParsedSelector {
  const fields = [...COMMON_FIELDS, ...(FIELDS_OF_KIND[kind] ?? [])];
  const rules: Selector[] = [];
  for (const term of text.split(/(?<!\\),/).filter((part) => part.trim() !== "")) {
    const [, field = "", operator, value = ""] = /^\s*([\w.]+)(==|=|!=)(.*)$/s.exec(term) ?? [];
    if (operator === undefined) return { ok: false, message: `invalid field selector: ${JSON.stringify(term)}` };
    if (!fields.includes(field)) return { ok: false, message: `field label not supported: ${field}` };
    const wanted = value.replaceAll(/\\(.)/gs, "$1");
    const path = field.split(".");
    rules.push((object) => (fieldText(object, path) === wanted) === (operator !== "!="));
  }
  return { ok: true, matches: (object) => rules.every((rule) => rule(object)) };
}

const COMMON_FIELDS: readonly string[] = ["metadata.name", "metadata.namespace"];
const FIELDS_OF_KIND: Readonly<Record<string, readonly string[]>> = {
  Event: [
    ...["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"].map(
      (name) => `involvedObject.${name}`,
    ),
    ...["reason", "type", "source", "reportingComponent"],
  ],
  Secret: ["type"],
  Namespace: ["status.phase"],
  Pod: ["status.phase", "status.podIP", "spec.nodeName", "spec.restartPolicy", "spec.serviceAccountName"],
  Node: ["spec.unschedulable"],
};

/** The member as text; "" where there is none. An Event's source is its component. */
function fieldText(object: Selectable, path: readonly string[]): string {
  const value = memberAt(object, ...path);
  return String((isJsonObject(value) ? value.component : value) ?? "");
}

/** Splits at commas that are not inside parentheses. */
function splitTerms(text: string): string[] {
  return (text.match(/(?:[^,(]|\([^)]*)+/g) ?? []).map((term) => term.trim()).filter((term) => term !== "");
}

/** @returns null for what is no requirement, also one of a label that cannot be: it would silently select nothing */
function parseTerm(term: string): Selector | null {
  const set = /^([^\s=!,()]+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(term);
  if (set !== null) {
    const [, key = "", operator, list = ""] = set;
    const values = new Set(list.split(",").map((value) => value.trim()));
    if (!isQualifiedKey(key) || ![...values].every(isLabelValue)) return null;
    return (object) => {
      const value = labelOf(object, key);
      return (value !== undefined && values.has(value)) === (operator === "in");
    };
  }
  const equality = /^([^\s=!,()]+)\s*(==|=|!=)\s*([^\s=!,()]*)$/.exec(term);
  if (equality !== null) {
    const [, key = "", operator, value = ""] = equality;
    if (!isQualifiedKey(key) || !isLabelValue(value)) return null;
    return (object) => (labelOf(object, key) === value) === (operator !== "!=");
  }
  const existence = /^(!?)\s*([^\s=!,()]+)$/.exec(term);
  const [, negation, key = ""] = existence ?? [];
  return isQualifiedKey(key) ? (object) => (labelOf(object, key) !== undefined) === (negation === "") : null;
}

function labelOf(object: Selectable, key: string): string | undefined {
  const labels = object.metadata.labels;
  return labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
}
