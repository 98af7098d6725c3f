/**
 * The numbers of watches. Every write takes the next even number; a list carries the odd number behind the last write. So a
 * resourceVersion tells where a client has it from:
 *
 *     even  from one object (a GET, a write): the client knows that object as it was then and may still wait to see it
 *     odd   from a list or a bookmark: the client knows everything up to there
 *
 * To a watch both mean "what was written after it"; clients compare them for equality alone.
 */

export const VERSION_STEP = 2;

/** The version of a list taken after the write `newest`. */
export function listVersion(newest: number): number {
  return isObjectVersion(newest) ? newest + 1 : newest;
}

/** Whether a client has this version from an object rather than from a list. */
export function isObjectVersion(version: number): boolean {
  return version % VERSION_STEP === 0;
}
