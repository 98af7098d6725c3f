/** What `env` and `envFrom` of a container must be. Whether what they refer to exists is seen when pods are started. */
import { RESERVED_VARIABLES } from "../environment.ts";
import type { EnvFromSource, EnvVar, EnvVarSource, KeySelector, SourceRef } from "./container.ts";
import {
  at,
  disallowedField,
  type FieldError,
  generic,
  invalidValue,
  missingField,
  missingOneOf,
  multipleOneOf,
} from "./field-error.ts";

/** Only the container that takes the requests is given PORT, so the others may set it. */
const RESERVED_IN_SIDECARS = RESERVED_VARIABLES.filter((name) => name !== "PORT");

/**
 * @param isServing whether the container takes the requests
 * @param isFieldRefAllowed kubernetes.podspec-fieldref
 * @returns problems with paths relative to the container
 */
export function validateEnv(env: readonly EnvVar[], isServing: boolean, isFieldRefAllowed: boolean): FieldError[] {
  const reserved: readonly string[] = isServing ? RESERVED_VARIABLES : RESERVED_IN_SIDECARS;
  return env.flatMap((variable, i) =>
    at(`env[${i}]`, [...validateName(variable.name ?? "", reserved), ...validateSource(variable, isFieldRefAllowed)]),
  );
}

/** Paths without the place in the list, as Knative gives them. */
export function validateEnvFrom(sources: readonly EnvFromSource[]): FieldError[] {
  return sources.flatMap(({ configMapRef, secretRef }) => {
    if (configMapRef !== undefined && secretRef !== undefined) {
      return at("envFrom", [multipleOneOf("configMapRef", "secretRef")]);
    }
    if (configMapRef === undefined && secretRef === undefined) {
      return at("envFrom", [missingOneOf("configMapRef", "secretRef")]);
    }
    return at("envFrom", [...validateRef(configMapRef, "configMapRef"), ...validateRef(secretRef, "secretRef")]);
  });
}

function validateName(name: string, reserved: readonly string[]): FieldError[] {
  if (name === "") return [missingField("name")];
  if (reserved.includes(name)) return [generic(`${JSON.stringify(name)} is a reserved environment variable`, "name")];
  // Kubernetes would make no pod of it.
  return /[=\0]/.test(name) ? [invalidValue(name, "name", "must not contain '='")] : [];
}

function validateSource({ value = "", valueFrom }: EnvVar, isFieldRefAllowed: boolean): FieldError[] {
  if (valueFrom === undefined) return [];
  const gated = (["fieldRef", "resourceFieldRef"] as const).filter((name) => valueFrom[name] !== undefined);
  return at("valueFrom", [
    ...(isFieldRefAllowed ? [] : gated.map((name) => disallowedField(name))),
    ...exactlyOneSource(valueFrom),
    ...(value === "" ? [] : [generic("may not be specified when `value` is not empty", "")]),
    ...validateKey(valueFrom.configMapKeyRef, "configMapKeyRef"),
    ...validateKey(valueFrom.secretKeyRef, "secretKeyRef"),
  ]);
}

const SOURCES = ["configMapKeyRef", "secretKeyRef", "fieldRef", "resourceFieldRef"] as const;

function exactlyOneSource(valueFrom: EnvVarSource): FieldError[] {
  const given = SOURCES.filter((name) => valueFrom[name] !== undefined);
  if (given.length === 0) return [missingOneOf("configMapKeyRef", "secretKeyRef")];
  return given.length > 1 ? [multipleOneOf(...given)] : [];
}

function validateKey(selector: KeySelector | undefined, path: string): FieldError[] {
  if (selector === undefined) return [];
  return at(path, [...(selector.name ? [] : [missingField("name")]), ...(selector.key ? [] : [missingField("key")])]);
}

function validateRef(ref: SourceRef | undefined, path: string): FieldError[] {
  return ref === undefined || ref.name ? [] : at(path, [missingField("name")]);
}
