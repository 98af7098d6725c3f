/** Texts of refusals: a body of 3 MiB may be wrong in 100,000 places, and nobody reads them all. */

const MAX_TEXTS = 100;
const MAX_CHARS = 8 * 1024;

/**
 * The first of many: at most MAX_TEXTS, and as many as MAX_CHARS hold.
 * @param charsOf how many characters one takes
 */
export function firstOf<T>(items: readonly T[], charsOf: (item: T) => number): readonly T[] {
  let chars = 0;
  const end = items.slice(0, MAX_TEXTS).findIndex((item) => {
    chars += charsOf(item);
    return chars > MAX_CHARS;
  });
  // One that is longer than all may be is still the first.
  return items.slice(0, end < 0 ? MAX_TEXTS : Math.max(1, end));
}

/** All of them in one text, or the first and how many more there are. */
export function joinBounded(texts: readonly string[], separator: string): string {
  const shown = firstOf(texts, ({ length }) => length + separator.length).map(cutText);
  const more = texts.length - shown.length;
  return [...shown, ...(more === 0 ? [] : [`… and ${more} more`])].join(separator);
}

/** @returns at most MAX_CHARS, and a sign that there was more */
export function cutText(text: string): string {
  return text.length <= MAX_CHARS ? text : `${text.slice(0, MAX_CHARS)}…`;
}
