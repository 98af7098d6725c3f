/** Text in columns, as kn and kubectl lay it out. */

/** Gives a cell its colour; what it returns looks as wide as the cell. */
export type Paint = (cell: string) => string;

const plain: Paint = (cell) => cell;
/** Between the columns of a list. */
const COLUMN_GAP = "   ";
/** Between a label and its value in a description. */
const LABEL_GAP = "  ";

/** Columns as wide as their widest cell, no blanks at the end of a line. */
export function table(rows: readonly (readonly string[])[], paint: Paint = plain, gap = COLUMN_GAP): string {
  const widths: number[] = [];
  for (const cells of rows) {
    for (const [column, cell] of cells.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  return rows
    .map((cells) => {
      const last = cells.findLastIndex((cell) => cell !== "");
      return cells
        .slice(0, last + 1)
        .map((cell, column) => paint(cell) + (column === last ? "" : " ".repeat((widths[column] ?? 0) - cell.length)))
        .join(gap);
    })
    .join("\n");
}

/** A list with or without its header. "" when there is nothing to show. */
export function listTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  { headers, paint }: { readonly headers: boolean; readonly paint?: Paint },
): string {
  return table(headers ? [header, ...rows] : rows, paint);
}

/** `Label:  value` lines; what has no value is left out. */
export function attributes(
  pairs: readonly (readonly [label: string, value: string | undefined])[],
  paint: Paint = plain,
): string {
  const given = pairs.filter(([, value]) => value !== undefined && value !== "");
  return table(
    given.map(([label, value = ""]) => [`${label}:`, value]),
    paint,
    LABEL_GAP,
  );
}

/** A title with its body indented below, after an empty line; "" without a body. */
export function section(title: string, body: string): string {
  return body === "" ? "" : `\n\n${title}:\n${indent(body)}`;
}

export function indent(text: string, by = "  "): string {
  return text.replaceAll(/^(?=.)/gm, by);
}
