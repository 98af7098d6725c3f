/**
 * Step 6 of a request, release: a ticket ends with the last byte of the answer, not with its headers. Passing a body
 * through ends the Worker's context at once (measured), so a ticketed body goes through a stream of our own; a client
 * that goes away ends the context, and the runtime disposes the ticket with it.
 */
import { ServingError } from "../../core/errors.ts";
import type { Background } from "./env.ts";

/** An answer up to this size of known length is read whole: cheaper than a stream of our own. */
const BUFFERED_BYTES = 64 * 1024;

export async function releaseAfterBody(
  response: Response,
  release: () => void,
  background: Background,
): Promise<Response> {
  if (response.body === null) {
    release();
    return response;
  }
  const length = response.headers.get("content-length");
  if (length !== null && Number(length) <= BUFFERED_BYTES) {
    try {
      return rewrap(await response.arrayBuffer(), response);
    } catch (error) {
      throw new ServingError("POD_UNREACHABLE", "the pod broke off in the middle of its answer", { cause: error });
    } finally {
      release();
    }
  }
  const through = length === null ? new IdentityTransformStream() : new FixedLengthStream(Number(length));
  // A pod or a client that breaks off is seen by the other side of the stream; here only the slot matters.
  const done = response.body.pipeTo(through.writable).catch(() => undefined);
  background.waitUntil(done.finally(release));
  return rewrap(through.readable, response);
}

/**
 * The same answer around another body. `manual`: the bytes are already encoded as Content-Encoding says; without it the
 * runtime would encode them once more (and before that decode what it reads, see the fetch in gateway.ts).
 */
export function rewrap(body: BodyInit | null, { status, statusText, headers }: Response): Response {
  return new Response(body, { status, statusText, headers, encodeBody: "manual" });
}
