/** labelSelector and fieldSelector of a list or watch. */
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

/** Parses `metadata.name=N,metadata.namespace=NS`; other fields are refused, as Kubernetes refuses them for custom resources. */
export function parseFieldSelector(text: string): ParsedSelector {
  const rules: Selector[] = [];
  for (const term of text.split(",").filter((part) => part !== "")) {
    const [, field, operator, value] = /^(metadata\.name|metadata\.namespace)(==|=|!=)(.*)$/.exec(term) ?? [];
    if (field === undefined) return { ok: false, message: `field label not supported: ${term}` };
    const actual = (object: Selectable) =>
      field === "metadata.name" ? object.metadata.name : (object.metadata.namespace ?? "");
    rules.push((object) => (actual(object) === value) === (operator !== "!="));
  }
  return { ok: true, matches: (object) => rules.every((rule) => rule(object)) };
}

/** Splits at commas that are not inside parentheses. */
function splitTerms(text: string): string[] {
  return text
    .split(/,(?![^(]*\))/)
    .map((term) => term.trim())
    .filter((term) => term !== "");
}

function parseTerm(term: string): Selector | null {
  const set = /^([^\s=!,()]+)\s+(in|notin)\s+\(([^()]*)\)$/.exec(term);
  if (set !== null) {
    const [, key = "", operator, list = ""] = set;
    const values = new Set(list.split(",").map((value) => value.trim()));
    return (object) => {
      const value = labelOf(object, key);
      return (value !== undefined && values.has(value)) === (operator === "in");
    };
  }
  const equality = /^([^\s=!,()]+)\s*(==|=|!=)\s*([^\s=!,()]*)$/.exec(term);
  if (equality !== null) {
    const [, key = "", operator, value] = equality;
    return (object) => (labelOf(object, key) === value) === (operator !== "!=");
  }
  const existence = /^(!?)\s*([^\s=!,()]+)$/.exec(term);
  if (existence === null) return null;
  const [, negation, key = ""] = existence;
  return (object) => (labelOf(object, key) !== undefined) === (negation === "");
}

function labelOf(object: Selectable, key: string): string | undefined {
  const labels = object.metadata.labels;
  return labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
}
