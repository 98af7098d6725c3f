/**
 * Go durations, as annotations and ConfigMaps write them: "90s", "1m30s", "1.5h", "250ms".
 */

const NANOSECONDS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3, // U+00B5, the micro sign
  μs: 1e3, // U+03BC, the Greek letter
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3_600e9,
};

/** Go keeps a duration in an int64 of nanoseconds, about 292 years; what is longer does not parse there either. */
const MAX_NANOSECONDS = 2 ** 63;

const DURATION = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;
const TERM = /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/g;

/**
 * Parses a Go duration. A unit is needed, except for a plain "0".
 * @returns milliseconds (a fraction when it is finer than that, down to a nanosecond), or null when Go refuses it too
 */
export function parseDurationMs(text: string): number | null {
  if (/^[+-]?0$/.test(text)) return 0;
  if (!DURATION.test(text)) return null;
  let nanoseconds = 0;
  for (const [, whole = "", fraction = "", unit = ""] of text.matchAll(TERM)) {
    const unitNs = NANOSECONDS[unit] ?? 0;
    nanoseconds += Number(whole) * unitNs + fractionOf(fraction, unitNs);
  }
  if (nanoseconds >= MAX_NANOSECONDS) return null;
  return (text.startsWith("-") && nanoseconds !== 0 ? -nanoseconds : nanoseconds) / 1e6;
}

/** Whole nanoseconds, cut off as in Go; digits beyond the fifteenth cannot matter. */
function fractionOf(digits: string, unitNs: number): number {
  const significant = digits.slice(0, 15);
  return significant === "" ? 0 : Math.floor((Number(significant) * unitNs) / 10 ** significant.length);
}
