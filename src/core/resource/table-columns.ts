/** What a column of a Table is, and the columns that kinds share. */
import { memberAt } from "./json.ts";
import { ageCell, type Cell, textAt } from "./table-cells.ts";

export type Column = {
  readonly name: string;
  readonly type: "string" | "integer";
  /** `name` marks the column by which an object is called. */
  readonly format: "" | "name";
  readonly description: string;
  /** 0 is always shown, 1 only by `-o wide`. */
  readonly priority: 0 | 1;
  readonly cell: (object: unknown, nowMs: number) => Cell;
};

/** A column that is always shown. */
export function column(name: string, cell: Column["cell"], type: Column["type"] = "string"): Column {
  return { name, type, format: "", description: name, priority: 0, cell };
}

/** A column for `-o wide`. */
export function wideColumn(name: string, cell: Column["cell"], type: Column["type"] = "string"): Column {
  return { ...column(name, cell, type), priority: 1 };
}

/** The first column of every table. */
export const NAME_COLUMN: Column = {
  ...column("Name", (object) => textAt(object, "metadata", "name")),
  format: "name",
};

export const AGE_COLUMN: Column = column("Age", (object, nowMs) =>
  ageCell(memberAt(object, "metadata", "creationTimestamp"), nowMs),
);

/** For a kind without columns of its own. */
export function nameAndAge(): readonly Column[] {
  return [NAME_COLUMN, AGE_COLUMN];
}
