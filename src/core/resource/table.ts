/**
 * Kubernetes' `Table`: lists as people read them, with the server choosing the columns. kubectl asks for it in `get` and in
 * `get -w`, where every event carries a table of one row.
 */

import type { ResourceType } from "./resource-type.ts";
import type { Cell } from "./table-cells.ts";
import { type Column, NAME_COLUMN, nameAndAge } from "./table-columns.ts";
import { CORE_COLUMNS, EVENT_COLUMNS } from "./table-core-columns.ts";
import { KNATIVE_COLUMNS } from "./table-knative-columns.ts";

/** What of an object goes along with its row. */
export type IncludeObject = "None" | "Metadata" | "Object";

export type TableOptions = {
  readonly includeObject: IncludeObject;
  /** Ages are counted from here. */
  readonly nowMs: number;
  /** `v1beta1` is what clients before Kubernetes 1.15 ask for; the shape is the same. */
  readonly version?: "v1" | "v1beta1";
  /** Metadata of the list; a table of one object carries that object's resourceVersion. */
  readonly metadata?: Readonly<Record<string, unknown>>;
};

/** An object as it is on the wire. */
export type TableObject = {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly resourceVersion?: string };
  readonly [field: string]: unknown;
};

export type Table = {
  readonly kind: "Table";
  readonly apiVersion: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly columnDefinitions: readonly {
    readonly name: string;
    readonly type: string;
    readonly format: string;
    readonly description: string;
    /** 0 is always shown, 1 only by `-o wide`. */
    readonly priority: number;
  }[];
  readonly rows: readonly { readonly cells: readonly Cell[]; readonly object?: unknown }[];
};

/** A row per object, in the given order, with the columns of its kind. */
export function tableOf(type: ResourceType, objects: readonly TableObject[], options: TableOptions): Table {
  const columns = columnsOf(type);
  const { includeObject, nowMs, version = "v1" } = options;
  return {
    kind: "Table",
    apiVersion: `${META_GROUP}/${version}`,
    metadata: options.metadata ?? { resourceVersion: objects[0]?.metadata.resourceVersion ?? "" },
    columnDefinitions: columns.map(({ cell: _cell, ...definition }) => definition),
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.cell(object, nowMs)),
      ...(includeObject === "None"
        ? {}
        : { object: includeObject === "Object" ? object : metadataOf(object, version) }),
    })),
  };
}

/** An object without its spec, data and status, as metadata-only clients ask for it. */
export function metadataOf(object: TableObject, version: "v1" | "v1beta1" = "v1"): unknown {
  return { kind: "PartialObjectMetadata", apiVersion: `${META_GROUP}/${version}`, metadata: object.metadata };
}

const META_GROUP = "meta.k8s.io";

function columnsOf(type: ResourceType): readonly Column[] {
  if (type.kind === "Event") return EVENT_COLUMNS;
  const columns = KNATIVE_COLUMNS[type.kind] ?? CORE_COLUMNS[type.kind];
  return columns === undefined ? nameAndAge() : [NAME_COLUMN, ...columns];
}
