/**
 * The path and query of a request as they are appended to a pod's prefix. `fetch` resolves dot segments, and so they must
 * not be there: `/<pod id>/../x` would leave the pod.
 */

/** What a URL parser would rewrite in a path: backslashes and segments of dots, plain or encoded. */
const NEEDS_PARSING = /\\|\/\.|\/%2e/i;

/**
 * @param target path and query as the client wrote them, beginning with `/`
 * @returns the same from the root, dot segments resolved as every URL parser does
 */
export function normalizeTarget(target: string): string {
  if (!NEEDS_PARSING.test(target)) return target;
  const { pathname, search } = new URL(`http://host${target}`);
  return pathname + search;
}
