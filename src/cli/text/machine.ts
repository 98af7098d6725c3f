/** Output for programs: `-o json`, `yaml`, `name`, `url`. `wide` is a table with more columns. */
import { Option } from "commander";
import { stringify } from "yaml";
import { RESOURCE_TYPES } from "../../core/resource/resource-type.ts";
import type { NounKind } from "../api/kinds.ts";

export type Format = "json" | "yaml" | "name" | "url" | "wide";
export type OutputFlags = { readonly output?: Format };

export function outputOption(...formats: readonly Format[]): Option {
  return new Option("-o, --output <format>", "output format").choices(formats);
}

/** Whether a format is for programs; without one, and with `wide`, people read it. */
export function isMachine(format: Format | undefined): format is Exclude<Format, "wide"> {
  return format !== undefined && format !== "wide";
}

type Named = { readonly metadata: { readonly name: string } };

/** @param url where the object answers, from here */
export function machineText(format: Exclude<Format, "wide">, kind: NounKind, object: Named, url: () => string): string {
  switch (format) {
    case "json":
    case "yaml":
      return documentText(format, object);
    case "name":
      return `${RESOURCE_TYPES[kind].plural.replace(/s$/, "")}.${RESOURCE_TYPES[kind].group}/${object.metadata.name}`;
    case "url":
      return url();
  }
}

/** A list as the API gave it, or one line for each item. */
export function machineList<T extends Named>(
  format: Exclude<Format, "wide">,
  kind: NounKind,
  list: { readonly items: readonly T[] },
  url: (object: T) => string,
): string {
  if (format === "json" || format === "yaml") return documentText(format, list);
  return list.items.map((item) => machineText(format, kind, item, () => url(item))).join("\n");
}

export function documentText(format: "json" | "yaml", document: unknown): string {
  if (format === "json") return JSON.stringify(document, null, 2);
  // Sorted as kn and kubectl do it, whatever order the fields came in: apiVersion, kind, metadata, spec, status.
  // They read YAML 1.1, where a bare yes or 12:30 is no text.
  return stringify(document, { lineWidth: 0, sortMapEntries: true, compat: "yaml-1.1" }).trimEnd();
}
