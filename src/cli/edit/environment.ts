/** Environment variables of a container: `--env`, `--env-value-from`, `--env-from`. */
import { usage } from "../cli-error.ts";
import type { Assignments } from "./assignments.ts";
import type { Variable, VariableSource } from "./editable-service.ts";

/** Variables that are there keep their place: later ones may refer to earlier ones. */
export function editVariables(variables: readonly Variable[], { set, remove }: Assignments): Variable[] {
  return putVariables(
    variables.filter(({ name }) => !remove.has(name)),
    [...set].map(([name, value]) => ({ name, value })),
  );
}

/** @param set NAME → `cm:NAME:KEY` or `secret:NAME:KEY` */
export function editReferences(variables: readonly Variable[], { set, remove }: Assignments): Variable[] {
  return putVariables(
    variables.filter(({ name }) => !remove.has(name)),
    [...set].map(([name, text]) => ({ name, valueFrom: parseReference(text) })),
  );
}

function putVariables(variables: readonly Variable[], added: readonly Variable[]): Variable[] {
  const byName = new Map(variables.map((variable) => [variable.name, variable]));
  for (const variable of added) byName.set(variable.name, variable);
  return [...byName.values()];
}

function parseReference(text: string): unknown {
  const [type = "", name = "", key = "", ...rest] = text.split(":");
  const kind = SOURCE_KINDS[type];
  if (kind === undefined || name === "" || key === "" || rest.length > 0) {
    throw usage(`--env-value-from expects NAME=cm:CONFIGMAP:KEY or NAME=secret:SECRET:KEY; given '${text}'`);
  }
  return kind === "configMap" ? { configMapKeyRef: { name, key } } : { secretKeyRef: { name, key } };
}

/** @param values `cm:NAME`, `secret:NAME`, each with `-` behind it to take it away */
export function editSources(sources: readonly VariableSource[], values: readonly string[]): VariableSource[] {
  let edited = [...sources];
  for (const text of values) {
    const isRemoval = text.endsWith("-");
    const source = parseSource(isRemoval ? text.slice(0, -1) : text);
    edited = edited.filter((each) => !isSame(each, source));
    if (!isRemoval) edited.push(source);
  }
  return edited;
}

function parseSource(text: string): VariableSource {
  const [type = "", name = "", ...rest] = text.split(":");
  const kind = SOURCE_KINDS[type];
  if (kind === undefined || name === "" || rest.length > 0) {
    throw usage(`--env-from expects cm:NAME or secret:NAME, with - behind it to remove it; given '${text}'`);
  }
  return kind === "configMap" ? { configMapRef: { name } } : { secretRef: { name } };
}

function isSame(a: VariableSource, b: VariableSource): boolean {
  return a.configMapRef?.name === b.configMapRef?.name && a.secretRef?.name === b.secretRef?.name;
}

/** kn's words for where a value may come from. */
export const SOURCE_KINDS: Readonly<Record<string, "configMap" | "secret">> = {
  cm: "configMap",
  "config-map": "configMap",
  sc: "secret",
  secret: "secret",
};
