/**
 * Request bodies. A short one of known length is read before the first attempt, so that it can go to another pod; a
 * longer one streams through and can be sent only once.
 */

import { ServingError } from "../../core/errors.ts";

/** Bodies up to this size are read ahead. */
export const REPLAYABLE_BYTES = 64 * 1024;

export type RequestBody =
  | { readonly kind: "none" }
  | { readonly kind: "bytes"; readonly bytes: ArrayBuffer }
  | { readonly kind: "stream"; readonly stream: ReadableStream };

export const NO_BODY: RequestBody = { kind: "none" };

/** @throws ServingError for a GET or HEAD with a body, which `fetch` does not send */
export async function readBody(request: Request): Promise<RequestBody> {
  if (request.body === null) return NO_BODY;
  if (request.method === "GET" || request.method === "HEAD") {
    const message = `a ${request.method} with a body cannot be forwarded; send it as a POST`;
    throw new ServingError("REQUEST_INVALID", message);
  }
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
