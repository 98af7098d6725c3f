/**
 * ConfigMap config-network. Keys that mean nothing here (the ingress class, meshes, certificates) are checked as Knative
 * checks them and have no effect.
 * Source: knative.dev/networking/pkg/config/config.go
 */
import { renderTemplate, type TemplateData } from "../template/execute.ts";
import {
  type ConfigData,
  type ConfigResult,
  defaultsOf,
  exampleOf,
  isKeyOf,
  keysOf,
  parseRows,
  type Rows,
} from "./rows.ts";
import { type Parsed, parseBoolean, parseInteger, parseText } from "./scalar.ts";

export type NetworkConfig = {
  /** Go template of a public host, with .Name .Namespace .Domain .Labels .Annotations; template/parse.ts says how much of it. */
  readonly domainTemplate: string;
  /** Go template of the name that a tag gets beside its route, with .Name and .Tag. */
  readonly tagTemplate: string;
  readonly defaultExternalScheme: "http" | "https";
  /** 0 = traffic moves at once. */
  readonly rolloutDurationSec: number;
};

/** @returns the typed config with defaults filled in, or every problem with the key it belongs to */
export function parseNetworkConfig(data: ConfigData): ConfigResult<NetworkConfig> {
  const parsed = parseRows(ROWS, data);
  const ignored = parseRows(WITHOUT_EFFECT, data);
  if (parsed.ok && ignored.ok) return parsed;
  return {
    ok: false,
    problems: [...(parsed.ok ? [] : parsed.problems), ...(ignored.ok ? [] : ignored.problems)],
  };
}

/** The config of an empty map. */
export function defaultNetworkConfig(): NetworkConfig {
  return defaultsOf(ROWS);
}

/** The template of cluster-local hosts, which no configuration changes. */
export const DEFAULT_DOMAIN_TEMPLATE = "{{.Name}}.{{.Namespace}}.{{.Domain}}";

const ROWS: Rows<NetworkConfig> = {
  domainTemplate: {
    key: "domain-template",
    legacyKey: "domainTemplate",
    fallback: DEFAULT_DOMAIN_TEMPLATE,
    parse: parseDomainTemplate,
    about: "Public host of a route; a Go template over .Name .Namespace .Domain .Labels .Annotations.",
  },
  tagTemplate: {
    key: "tag-template",
    legacyKey: "tagTemplate",
    fallback: "{{.Tag}}-{{.Name}}",
    parse: parseTagTemplate,
    about: "What stands for .Name in the host of a tag; a Go template over .Name and .Tag.",
  },
  defaultExternalScheme: {
    key: "default-external-scheme",
    legacyKey: "defaultExternalScheme",
    fallback: "http",
    parse: parseScheme,
    about: "Scheme of public URLs in statuses, http or https; say https where a proxy in front terminates TLS.",
  },
  rolloutDurationSec: {
    key: "rollout-duration",
    legacyKey: "rolloutDuration",
    fallback: 0,
    parse: parseInteger,
    check: (value) => (value >= 0 ? undefined : "must not be negative"),
    about: "Seconds over which traffic moves to a new revision; 0 = at once.",
  },
};

/** Every key that has an effect. */
export const NETWORK_CONFIG_KEYS = keysOf(ROWS);

export const isNetworkKey = (key: string) => isKeyOf(ROWS, key);

export const NETWORK_EXAMPLE = exampleOf("# Host names and URLs of routes.", ROWS);

/** Texts with which a template is tried when it is configured: as in Knative, without labels and annotations. */
const TRIAL: TemplateData = { Name: "foo", Namespace: "bar", Domain: "baz.com", Labels: {}, Annotations: {} };

function parseDomainTemplate(text: string): Parsed<string> {
  const host = tryTemplate(text, TRIAL);
  if (!host.ok) return host;
  const problem = hostProblem(host.value);
  return problem === null ? { ok: true, value: text } : invalid(`gives ${JSON.stringify(host.value)}: ${problem}`);
}

function parseTagTemplate(text: string): Parsed<string> {
  const name = tryTemplate(text, { Name: "foo", Tag: "v2" });
  return name.ok ? { ok: true, value: text } : name;
}

function tryTemplate(text: string, data: TemplateData): Parsed<string> {
  const rendered = renderTemplate(text, data);
  return rendered.ok ? { ok: true, value: rendered.text } : invalid(rendered.message);
}

/** What Go's url.Parse takes as a host; whether it is a DNS name shows with a real route. */
const URL_HOST = /^[\w.~!$&'()*+,;=<>"%\u0080-\uffff-]*(?::\d*)?$/;

/** What keeps a text from being the host of a URL, as Go's url.Parse finds it; null = nothing. */
function hostProblem(text: string): string | null {
  const [, host = "", path = ""] = /^([^/?#]*)([^#]*)/.exec(text) ?? [];
  if (!URL_HOST.test(host)) return "invalid character in host name";
  if (host.replace(/:\d*$/, "") === "") return "empty hostname";
  return path === "" || path === "/" ? null : `domain template has url path: ${path}`;
}

function parseScheme(text: string): Parsed<"http" | "https"> {
  if (text === "http" || text === "https") return { ok: true, value: text };
  return { ok: false, message: `invalid value: ${text}`, details: 'use "http" or "https"' };
}

function oneOf(...values: readonly string[]): (text: string) => Parsed<string> {
  return (text) =>
    text === "" || values.includes(text.toLowerCase())
      ? { ok: true, value: text }
      : { ok: false, message: `invalid value: ${text}`, details: `use one of ${values.join(", ")}` };
}

type WithoutEffect = {
  readonly autocreateClusterDomainClaims: boolean;
  readonly clusterLocalDomainTls: string;
  readonly enableMeshPodAddressability: boolean;
  readonly externalDomainTls: string;
  readonly httpProtocol: string;
  readonly internalEncryption: boolean;
  readonly systemInternalTls: string;
};

const NO_EFFECT = "No effect here.";
const WITHOUT_EFFECT: Rows<WithoutEffect> = {
  autocreateClusterDomainClaims: {
    key: "autocreate-cluster-domain-claims",
    legacyKey: "autocreateClusterDomainClaims",
    fallback: false,
    parse: parseBoolean,
    about: NO_EFFECT,
  },
  clusterLocalDomainTls: {
    key: "cluster-local-domain-tls",
    fallback: "disabled",
    parse: oneOf("disabled", "enabled"),
    about: NO_EFFECT,
  },
  enableMeshPodAddressability: {
    key: "enable-mesh-pod-addressability",
    fallback: false,
    parse: parseBoolean,
    about: NO_EFFECT,
  },
  externalDomainTls: { key: "external-domain-tls", fallback: "disabled", parse: parseText, about: NO_EFFECT },
  httpProtocol: {
    key: "http-protocol",
    legacyKey: "httpProtocol",
    fallback: "enabled",
    parse: oneOf("enabled", "disabled", "redirected"),
    about: NO_EFFECT,
  },
  internalEncryption: { key: "internal-encryption", fallback: false, parse: parseBoolean, about: NO_EFFECT },
  systemInternalTls: {
    key: "system-internal-tls",
    fallback: "disabled",
    parse: oneOf("disabled", "enabled"),
    about: NO_EFFECT,
  },
};

function invalid(message: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message: `invalid template: ${message}` };
}
