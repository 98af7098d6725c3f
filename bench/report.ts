/** Sections as text: columns as wide as their widest cell, the first flush left, the others flush right. */
import type { Section, Table } from "./section.ts";

const COLUMN_GAP = "   ";

export function renderSection({ title, tables, notes }: Section): string {
  return [title, "=".repeat(title.length), ...tables.map(renderTable), ...notes].join("\n\n").replace("\n\n=", "\n=");
}

function renderTable(rows: Table): string {
  const widths: number[] = [];
  for (const cells of rows) {
    for (const [column, cell] of cells.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  const lines = rows.map((cells) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join(COLUMN_GAP)
      .trimEnd(),
  );
  const rule = widths.map((width) => "-".repeat(width)).join(COLUMN_GAP);
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}
