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
