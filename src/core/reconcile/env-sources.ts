/**
 * The environment of a container as its pods get it: values from ConfigMaps and Secrets filled in, at the time that the
 * order is made. A later change of a source changes the order, and with it the pods that start from then on.
 *
 *     envFrom, in its order   then env, in its order   then Rouse's own (environment.ts)
 *     └──────────────── what comes later wins ────────────────────────────────────────▶
 *
 * Source: kubernetes/pkg/kubelet/kubelet_pods.go makeEnvironmentVariables
 */
import { decodeBase64Text } from "../base64.ts";
import type { PodVariable } from "../protocol/pod.ts";
import type { Container, EnvFromSource, EnvVar, KeySelector, SourceRef } from "../resource/container.ts";
import type { ObjectKey } from "../resource/object.ts";
import type { Observed } from "./observed.ts";

export type ContainerEnv = {
  readonly variables: readonly PodVariable[];
  /** The first source that is not there, in the kubelet's words; null when there is none. No pod may start without it. */
  readonly problem: string | null;
};

export function resolveEnv(container: Container, namespace: string, observed: Observed): ContainerEnv {
  const sources = new Sources(namespace, observed);
  const variables = [
    ...(container.envFrom ?? []).flatMap((source) => variablesOf(source, sources)),
    ...(container.env ?? []).flatMap((variable) => variableOf(variable, sources)),
  ];
  const chars = variables.reduce((sum, { name, value }) => sum + name.length + value.length, 0);
  if (chars <= MAX_ENV_CHARS) return { variables, problem: sources.problem };
  return { variables: [], problem: sources.problem ?? `the environment has more than ${MAX_ENV_CHARS} characters` };
}

/** It travels with every pod, a machine has many, and a frame to it holds 8 MiB; a program takes about 2 MB at most. */
export const MAX_ENV_CHARS = 256 * 1024;

/** The ConfigMaps and Secrets that a container's environment comes from. */
export function envReferences(container: Container, namespace: string): ObjectKey[] {
  const key = (kind: Source["kind"], ref: SourceRef | undefined): ObjectKey[] =>
    ref?.name ? [{ kind, namespace, name: ref.name }] : [];
  return [
    ...(container.envFrom ?? []).flatMap(({ configMapRef, secretRef }) => [
      ...key("ConfigMap", configMapRef),
      ...key("Secret", secretRef),
    ]),
    ...(container.env ?? []).flatMap(({ valueFrom }) => [
      ...key("ConfigMap", valueFrom?.configMapKeyRef),
      ...key("Secret", valueFrom?.secretKeyRef),
    ]),
  ];
}

type Source = { readonly kind: "ConfigMap" | "Secret"; readonly ref: SourceRef };

/** The kubelet's rule for names that come from keys: others are left out, without an error. */
const VARIABLE_NAME = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;

function variablesOf({ prefix = "", configMapRef, secretRef }: EnvFromSource, sources: Sources): PodVariable[] {
  const source: Source | null = configMapRef
    ? { kind: "ConfigMap", ref: configMapRef }
    : secretRef
      ? { kind: "Secret", ref: secretRef }
      : null;
  const data = source === null ? null : sources.read(source);
  return Object.entries(data ?? {})
    .map(([key, value]) => literal(prefix + key, value))
    .filter(({ name }) => VARIABLE_NAME.test(name));
}

function variableOf({ name = "", value = "", valueFrom }: EnvVar, sources: Sources): PodVariable[] {
  const { configMapKeyRef, secretKeyRef } = valueFrom ?? {};
  if (configMapKeyRef) return sources.readKey(name, "ConfigMap", configMapKeyRef);
  if (secretKeyRef) return sources.readKey(name, "Secret", secretKeyRef);
  // Fields of the pod are known to its driver only; pod-features.ts tells of them.
  return valueFrom === undefined ? [{ name, value }] : [];
}

/** `$(NAME)` in it is text: the author of a secret does not write for the template. */
function literal(name: string, value: string): PodVariable {
  return { name, value, isLiteral: true };
}

class Sources {
  readonly #namespace: string;
  readonly #observed: Observed;
  #problem: string | null = null;

  constructor(namespace: string, observed: Observed) {
    this.#namespace = namespace;
    this.#observed = observed;
  }

  get problem(): string | null {
    return this.#problem;
  }

  /** @returns key → text; null when the object is not there */
  read({ kind, ref }: Source): Readonly<Record<string, string>> | null {
    const { name = "", optional = false } = ref;
    const object = this.#observed.get(kind, this.#namespace, name);
    if (object === null) {
      if (!optional) this.#problem ??= `${kind.toLowerCase()} ${JSON.stringify(name)} not found`;
      return null;
    }
    if (kind === "ConfigMap") return object.data ?? {};
    const texts = Object.entries(object.data ?? {}).flatMap(([key, value]) => {
      const text = decodeBase64Text(value);
      return text === null ? [] : [[key, text] as const];
    });
    return Object.fromEntries(texts);
  }

  readKey(variable: string, kind: Source["kind"], selector: KeySelector): PodVariable[] {
    const { key = "", name = "", optional = false } = selector;
    const data = this.read({ kind, ref: selector });
    if (data === null) return [];
    const value = Object.hasOwn(data, key) ? data[key] : undefined;
    if (value !== undefined) return [literal(variable, value)];
    if (!optional) this.#problem ??= `couldn't find key ${key} in ${kind} ${this.#namespace}/${name}`;
    return [];
  }
}
