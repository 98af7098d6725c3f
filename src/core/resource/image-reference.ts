/**
 * References to images: `[registry/]repository[:tag][@digest]`, as lenient as Knative is (no registry means Docker Hub).
 * Source: go-containerregistry pkg/name, weak validation
 */

const REPOSITORY = /^[a-z0-9_\-./]{1,255}$/;
const REGISTRY = /^[A-Za-z0-9.\-_]+(?::\d+)?$|^\[[0-9a-fA-F:]+\](?::\d+)?$/;
const TAG = /^[A-Za-z0-9_\-.]{1,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

export function isImageReference(text: string): boolean {
  const [base = "", digest, ...more] = text.split("@");
  if (digest === undefined) return isTagged(base);
  return more.length === 0 && DIGEST.test(digest) && isTagged(base);
}

/** Whether it names one image forever: a pull gives the same bytes each time. */
export function hasDigest(text: string): boolean {
  return text.includes("@") && isImageReference(text);
}

/** A colon before the last slash belongs to the registry's port, not to a tag. */
function isTagged(text: string): boolean {
  const colon = text.lastIndexOf(":");
  if (colon <= text.lastIndexOf("/")) return isRepository(text);
  const tag = text.slice(colon + 1);
  return (tag === "" || TAG.test(tag)) && isRepository(text.slice(0, colon));
}

function isRepository(text: string): boolean {
  const slash = text.indexOf("/");
  const first = text.slice(0, Math.max(slash, 0));
  if (!/[.:]/.test(first)) return REPOSITORY.test(text);
  return REGISTRY.test(first) && REPOSITORY.test(text.slice(slash + 1));
}
