/** Of small samples: nothing is assumed of their distribution. */

/** @param share 0 = least, 0.5 = median, 1 = greatest; between two values it is interpolated. @returns NaN for none */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);
export const p90 = (values: readonly number[]): number => quantile(values, 0.9);
export const least = (values: readonly number[]): number => quantile(values, 0);
export const greatest = (values: readonly number[]): number => quantile(values, 1);
