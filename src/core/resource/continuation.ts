/**
 * Lists in pages: where a page ended, as text that the client hands back as `continue`.
 *
 *     v1/<resourceVersion of the first page>/<namespace>/<name>
 *
 * Pages follow the order of namespace and name, so what is created or deleted in between neither repeats nor hides anything
 * else. All pages carry the resourceVersion of the first: a watch from there brings what a later page was too early for.
 */

export type Continuation = { readonly resourceVersion: string; readonly namespace: string; readonly name: string };

export function formatContinuation({ resourceVersion, namespace, name }: Continuation): string {
  return `v1/${resourceVersion}/${namespace}/${name}`;
}

/** @returns null for a text that no list gave out */
export function parseContinuation(text: string): Continuation | null {
  const [, resourceVersion, namespace, name] = /^v1\/(\d{1,15})\/([^/]{0,253})\/([^/]{1,253})$/.exec(text) ?? [];
  if (resourceVersion === undefined || namespace === undefined || name === undefined) return null;
  return { resourceVersion, namespace, name };
}
