/**
 * Request bodies. A short one of known length is read before the first attempt, so that it can go to another pod; a
 * longer one streams through and can be sent only once.
 */

/** Bodies up to this size are read ahead. */
export const REPLAYABLE_BYTES = 64 * 1024;

export type RequestBody =
  | { readonly kind: "none" }
  | { readonly kind: "bytes"; readonly bytes: ArrayBuffer }
  | { readonly kind: "stream"; readonly stream: ReadableStream };

export async function readBody(request: Request): Promise<RequestBody> {
  if (request.body === null) return { kind: "none" };
  const length = request.headers.get("content-length");
  if (length !== null && Number(length) <= REPLAYABLE_BYTES)
    return { kind: "bytes", bytes: await request.arrayBuffer() };
  return { kind: "stream", stream: request.body };
}

export function isReplayable(body: RequestBody): boolean {
  return body.kind !== "stream";
}

export function toBodyInit(body: RequestBody): BodyInit | null {
  if (body.kind === "none") return null;
  return body.kind === "bytes" ? body.bytes : body.stream;
}
