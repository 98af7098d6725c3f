/**
 * ConfigMap config-domain: the suffixes of public hosts, each with the labels of the routes that use it.
 *
 *     prod.example.com: |
 *       selector:
 *         app: prod
 *     example.com: ""
 *
 * Values are YAML 1.1 as Go reads it: numbers and unquoted words such as `yes` become text (`yes` becomes "true").
 * Source: serving/pkg/reconciler/route/config/domain.go. Vectors: domains.
 */
import { isJsonObject } from "../resource/json.ts";
import { CLUSTER_LOCAL_DOMAIN } from "../routing/hosts.ts";
import { type ConfigData, type ConfigProblem, type ConfigResult, EXAMPLE_KEY, NO_EFFECT } from "./rows.ts";

export type DomainConfig = readonly DomainRule[];

export type DomainRule = {
  readonly domain: string;
  /** Label → value, all of which a route must have; empty = every route. */
  readonly selector: Readonly<Record<string, string>>;
};

/** Core has no packages, so the shell brings the parser of YAML 1.1. Its values are plain, whole numbers bigints. */
export type ParseYaml = (
  text: string,
) => { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string };

/**
 * @returns the rules of the map, in no order and perhaps none, or every problem with the key it belongs to. Whether a key
 *   can be a suffix is another question: see isDomainSuffix.
 */
export function parseDomainConfig(data: ConfigData, parseYaml: ParseYaml): ConfigResult<DomainConfig> {
  const rules: DomainRule[] = [];
  const problems: ConfigProblem[] = [];
  for (const [domain, text] of Object.entries(data)) {
    if (domain === EXAMPLE_KEY) continue;
    const parsed = parseYaml(text);
    const selector = parsed.ok ? toSelector(parsed.value) : parsed.message;
    if (typeof selector === "string") problems.push({ key: domain, message: selector });
    else rules.push({ domain, selector });
  }
  return problems.length === 0 ? { ok: true, config: rules } : { ok: false, problems };
}

/**
 * The rules that routes follow: one of them always takes every route.
 * @param rules of the map; none when there is no map
 * @param defaultDomain what an installation uses while nothing is configured
 */
export function completeDomains(rules: DomainConfig, defaultDomain: string): DomainConfig {
  if (rules.length === 0) return [{ domain: defaultDomain, selector: {} }];
  const hasDefault = rules.some(({ selector }) => Object.keys(selector).length === 0);
  return hasDefault ? rules : [...rules, { domain: CLUSTER_LOCAL_DOMAIN, selector: {} }];
}

export const DOMAIN_EXAMPLE = `# Suffixes of public hosts: each key is one, its value says which routes use it. The rule with the most labels wins.
# With no key at all it is the suffix that the installation was started with; without a rule for every route the
# others have no public host.
${NO_EFFECT}

# For every route that no other rule takes.
example.com: ""

# For routes with all of these labels.
example.org: |
  selector:
    app: shop
`;

/** @returns the selector, or what is wrong with the value */
function toSelector(value: unknown): Record<string, string> | string {
  if (value === null || value === undefined) return {};
  if (!isJsonObject(value)) return `must be empty or have a selector, such as "selector: {app: prod}"`;
  // Go finds a field by its name in any case; the exact one wins.
  const field = Object.keys(value).find((name) => name === "selector" || name.toLowerCase() === "selector");
  const labels = field === undefined ? null : value[field];
  if (labels === null || labels === undefined) return {};
  if (!isJsonObject(labels)) return "selector must be a map of labels, such as {app: prod}";
  const entries = Object.entries(labels).map(([label, item]) => [label, toText(item)] as const);
  const bad = entries.find(([, text]) => text === null);
  return bad === undefined
    ? (Object.fromEntries(entries) as Record<string, string>)
    : `selector.${bad[0]} must be a text`;
}

function toText(value: unknown): string | null {
  if (value === null) return "";
  return typeof value === "object" ? null : String(value);
}
