/** Options that verbs share. */
import { type Command, Option } from "commander";
import { type ConnectionFlags, withConnection } from "../api/connection.ts";

export type ScopeFlags = ConnectionFlags & { readonly namespace: string };
export type ListFlags = ScopeFlags & { readonly allNamespaces?: boolean; readonly headers: boolean };

/** Where the verb looks: an edge and a namespace. */
export function withScope(command: Command): Command {
  return withConnection(command.option("-n, --namespace <name>", "namespace to operate in", "default"));
}

/** As withScope, for a verb that lists. */
export function withListScope(command: Command): Command {
  return withScope(command)
    .option("-A, --all-namespaces", "look in all namespaces")
    .option("--no-headers", "print no header line");
}

/** null = all namespaces */
export function namespaceOf({ namespace, allNamespaces }: ListFlags): string | null {
  return allNamespaces === true ? null : namespace;
}

/** An option that may be given more than once; its value is the list. */
export function repeatable(flags: string, description: string): Option {
  return new Option(flags, description).argParser((value: string, before: readonly string[] = []) => [
    ...before,
    value,
  ]);
}
