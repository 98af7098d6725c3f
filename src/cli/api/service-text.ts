/** Services as text, laid out as kn does it. */
import type { Condition, ServiceView } from "./service-view.ts";

const COLUMN_GAP = "   ";

export function serviceTable(services: readonly ServiceView[], nowMs: number): string {
  const header = ["NAME", "URL", "LATEST", "AGE", "CONDITIONS", "READY", "REASON"];
  return table([header, ...services.map((service) => row(service, nowMs))]);
}

function row({ metadata, status }: ServiceView, nowMs: number): string[] {
  const conditions = status?.conditions ?? [];
  const ready = conditions.find(({ type }) => type === "Ready");
  const okCount = conditions.filter((condition) => condition.status === "True").length;
  return [
    metadata.name,
    status?.url ?? "",
    status?.latestCreatedRevisionName ?? "",
    age(metadata.creationTimestamp, nowMs),
    `${okCount} OK / ${conditions.length}`,
    ready?.status ?? "Unknown",
    ready?.reason ?? "",
  ];
}

export function describeService({ metadata, status }: ServiceView, nowMs: number): string {
  const traffic = (status?.traffic ?? []).map((target) => {
    const tag = target.tag === undefined ? "" : ` #${target.tag}`;
    const latest = target.latestRevision === true ? "@latest " : "";
    return [`${target.percent ?? 0}%`, `${latest}(${target.revisionName ?? "?"})${tag}`];
  });
  return [
    table([
      ["Name:", metadata.name],
      ["Namespace:", metadata.namespace],
      ["Age:", age(metadata.creationTimestamp, nowMs)],
      ["URL:", status?.url ?? ""],
    ]),
    `\nTraffic:\n${indent(table(traffic))}`,
    `\nConditions:\n${indent(conditionTable(status?.conditions ?? []))}`,
  ].join("\n");
}

function conditionTable(conditions: readonly Condition[]): string {
  const marks: Readonly<Record<string, string>> = { True: "++", False: "!!" };
  const header = ["OK", "TYPE", "REASON", "MESSAGE"];
  return table([
    header,
    ...conditions.map(({ type, status, reason, message }) => [
      marks[status] ?? "??",
      type,
      reason ?? "",
      message ?? "",
    ]),
  ]);
}

/** Columns as wide as their widest cell, no blanks at the end of a line. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const cells of rows) {
    for (const [column, cell] of cells.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  return rows
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join(COLUMN_GAP)
        .trimEnd(),
    )
    .join("\n");
}

const UNITS: readonly (readonly [string, number])[] = [
  ["d", 86_400],
  ["h", 3_600],
  ["m", 60],
];

/** 45s, 3m, 5h, 2d: the largest unit that fits, rounded down; "" for a time that is not known. */
export function age(timestamp: string | undefined, nowMs: number): string {
  const createdMs = Date.parse(timestamp ?? "");
  if (Number.isNaN(createdMs)) return "";
  const seconds = Math.max(0, Math.floor((nowMs - createdMs) / 1_000));
  for (const [unit, size] of UNITS) if (seconds >= size) return `${Math.floor(seconds / size)}${unit}`;
  return `${seconds}s`;
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, "  ");
}
