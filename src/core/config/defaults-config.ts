/**
 * ConfigMap config-defaults: what a Revision gets when its template leaves a field out, and the limits of such fields.
 * Source: serving/pkg/apis/config/defaults.go
 */
import { renderTemplate, type TemplateData } from "../template/execute.ts";
import {
  type ConfigData,
  type ConfigProblem,
  type ConfigResult,
  defaultsOf,
  exampleOf,
  isKeyOf,
  keysOf,
  parseRows,
  type Row,
  type Rows,
} from "./rows.ts";
import { INT32_MAX, type Parsed, parseBoolean, parseInteger, parseQuantity } from "./scalar.ts";

export type DefaultsConfig = {
  readonly revisionTimeoutSec: number;
  readonly maxRevisionTimeoutSec: number;
  /** null = as long as the revision's timeout. */
  readonly revisionResponseStartTimeoutSec: number | null;
  /** 0 = none. */
  readonly revisionIdleTimeoutSec: number;
  /** 0 = no limit. */
  readonly containerConcurrency: number;
  readonly containerConcurrencyMaxLimit: number;
  readonly allowContainerConcurrencyZero: boolean;
  /** null = left to the template. */
  readonly enableServiceLinks: boolean | null;
  /** A Go template over the owner's metadata, for the only container of a template. */
  readonly containerNameTemplate: string;
  readonly initContainerNameTemplate: string;
  /** Resource requests and limits by resource name (`cpu`, `memory`, `ephemeral-storage`), as Kubernetes quantities. */
  readonly requests: Readonly<Record<string, string>>;
  readonly limits: Readonly<Record<string, string>>;
};

/** @returns the typed config with defaults filled in, or every problem with the key it belongs to */
export function parseDefaultsConfig(data: ConfigData): ConfigResult<DefaultsConfig> {
  const parsed = parseRows(ROWS, data, crossKeyProblems);
  return parsed.ok ? { ok: true, config: toConfig(parsed.config) } : parsed;
}

/** The config of an empty map. */
export function defaultDefaultsConfig(): DefaultsConfig {
  return toConfig(defaultsOf(ROWS));
}

/**
 * What a container without a name is called.
 * @param template `containerNameTemplate` or `initContainerNameTemplate`, which was tried when it was configured
 * @param owner of the Service or Configuration that has the template
 * @returns "" when the template asks for what the owner does not have
 */
export function containerName(template: string, owner: ContainerNameOwner): string {
  const rendered = renderTemplate(template, dataOf(owner));
  return rendered.ok ? rendered.text : "";
}

export type ContainerNameOwner = {
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
};

/** As the map has it: a key for each resource. */
type Flat = Omit<DefaultsConfig, "requests" | "limits"> & {
  readonly [Resource in `${"cpu" | "memory" | "ephemeralStorage"}${"Request" | "Limit"}`]: string | null;
};

const ROWS: Rows<Flat> = {
  revisionTimeoutSec: {
    key: "revision-timeout-seconds",
    fallback: 300,
    parse: parseInteger,
    check: notNegative,
    about: "Seconds that a request may take, when a template does not say.",
  },
  maxRevisionTimeoutSec: {
    key: "max-revision-timeout-seconds",
    fallback: 600,
    parse: parseInteger,
    check: notNegative,
    about: "The largest timeoutSeconds that a template may ask for.",
  },
  revisionResponseStartTimeoutSec: {
    key: "revision-response-start-timeout-seconds",
    fallback: null,
    parse: parseInteger,
    check: notNegative,
    example: "300",
    about: "Seconds until a response must have begun; without it as long as revision-timeout-seconds.",
  },
  revisionIdleTimeoutSec: {
    key: "revision-idle-timeout-seconds",
    fallback: 0,
    parse: parseInteger,
    check: notNegative,
    about: "Seconds that a response may go on without a byte; 0 = no limit.",
  },
  containerConcurrency: {
    key: "container-concurrency",
    fallback: 0,
    parse: parseInteger,
    about: "Requests that a pod gets at once; 0 = no limit.",
  },
  containerConcurrencyMaxLimit: {
    key: "container-concurrency-max-limit",
    fallback: 1000,
    parse: parseInteger,
    check: (value) => (value >= 1 ? undefined : `must be between 1 and ${INT32_MAX}`),
    about: "The largest containerConcurrency that a template may ask for.",
  },
  allowContainerConcurrencyZero: {
    key: "allow-container-concurrency-zero",
    fallback: true,
    parse: parseBoolean,
    about: "Whether a template may ask for no limit of concurrency.",
  },
  enableServiceLinks: {
    key: "enable-service-links",
    fallback: false,
    parse: parseTriState,
    about: "enableServiceLinks of a template that does not say; default leaves it out.",
  },
  containerNameTemplate: {
    key: "container-name-template",
    fallback: "user-container",
    parse: parseNameTemplate,
    about: "Name of a container that has none; a Go template over .Name .Namespace .Labels .Annotations of its owner.",
  },
  initContainerNameTemplate: {
    key: "init-container-name-template",
    fallback: "init-container",
    parse: parseNameTemplate,
    about: "Likewise for an init container.",
  },
  cpuRequest: quantity("revision-cpu-request", "400m", "CPU that a container asks for, when it does not say."),
  memoryRequest: quantity("revision-memory-request", "100M", "Likewise memory."),
  ephemeralStorageRequest: quantity("revision-ephemeral-storage-request", "500M", "Likewise disk space."),
  cpuLimit: quantity("revision-cpu-limit", "1000m", "CPU that a container gets at most, when it does not say."),
  memoryLimit: quantity("revision-memory-limit", "200M", "Likewise memory."),
  ephemeralStorageLimit: quantity("revision-ephemeral-storage-limit", "750M", "Likewise disk space."),
};

/** Every key that is read. */
export const DEFAULTS_CONFIG_KEYS = keysOf(ROWS);

export const isDefaultsKey = (key: string) => isKeyOf(ROWS, key);

export const DEFAULTS_EXAMPLE = exampleOf(
  `# What a revision gets when its template leaves a field out. A change counts for what is created or changed after it.
# Requests, limits and the response start have no default; what stands there is an example.`,
  ROWS,
);

function toConfig(flat: Flat): DefaultsConfig {
  const {
    cpuRequest,
    memoryRequest,
    ephemeralStorageRequest,
    cpuLimit,
    memoryLimit,
    ephemeralStorageLimit,
    ...config
  } = flat;
  return {
    ...config,
    requests: resources(cpuRequest, memoryRequest, ephemeralStorageRequest),
    limits: resources(cpuLimit, memoryLimit, ephemeralStorageLimit),
  };
}

function resources(cpu: string | null, memory: string | null, storage: string | null): Record<string, string> {
  return {
    ...(cpu === null ? {} : { cpu }),
    ...(memory === null ? {} : { memory }),
    ...(storage === null ? {} : { "ephemeral-storage": storage }),
  };
}

function crossKeyProblems(config: Flat): ConfigProblem[] {
  const { revisionTimeoutSec, maxRevisionTimeoutSec, containerConcurrency, containerConcurrencyMaxLimit } = config;
  const problems: ConfigProblem[] = [];
  const atMost = (row: Row<number> | Row<number | null>, value: number, other: Row<number>, most: number) => {
    if (value > most)
      problems.push({ key: row.key, message: `${value} must not be greater than ${other.key} (${most})` });
  };
  atMost(ROWS.revisionTimeoutSec, revisionTimeoutSec, ROWS.maxRevisionTimeoutSec, maxRevisionTimeoutSec);
  const startSec = config.revisionResponseStartTimeoutSec ?? 0;
  atMost(ROWS.revisionResponseStartTimeoutSec, startSec, ROWS.revisionTimeoutSec, revisionTimeoutSec);
  atMost(ROWS.revisionIdleTimeoutSec, config.revisionIdleTimeoutSec, ROWS.revisionTimeoutSec, revisionTimeoutSec);
  if (containerConcurrency < 0 || containerConcurrency > containerConcurrencyMaxLimit) {
    const message = `expected 0 <= ${containerConcurrency} <= ${containerConcurrencyMaxLimit}`;
    problems.push({ key: ROWS.containerConcurrency.key, message });
  }
  return problems;
}

function quantity(key: string, example: string, about: string): Row<string | null> {
  return { key, fallback: null, parse: parseQuantity, example, about };
}

/** "true" or "false" in any case; whatever else leaves it to the template. */
function parseTriState(text: string): Parsed<boolean | null> {
  const lower = text.toLowerCase();
  return { ok: true, value: lower === "true" ? true : lower === "false" ? false : null };
}

function parseNameTemplate(text: string): Parsed<string> {
  const rendered = renderTemplate(text, dataOf({}));
  return rendered.ok ? { ok: true, value: text } : { ok: false, message: `invalid template: ${rendered.message}` };
}

function dataOf(owner: ContainerNameOwner): TemplateData {
  return {
    Name: owner.name ?? "",
    GenerateName: owner.generateName ?? "",
    Namespace: owner.namespace ?? "",
    Labels: owner.labels ?? {},
    Annotations: owner.annotations ?? {},
  };
}

function notNegative(value: number | null): string | undefined {
  return value === null || value >= 0 ? undefined : "must not be negative";
}
