/**
 * Answers of the queue-proxy itself. Each bears a mark: a refusal says that nothing reached the application, so that the
 * edge may try another pod; any other names the pod that it speaks for and the error. The texts are Knative's where Knative
 * has one, and never those of the system's errors, since clients read them and they name internal addresses.
 */
import { type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { ERRORS } from "../../core/errors.ts";
import { ERROR_HEADER, POD_HEADER, REFUSED_HEADER, type RefusalReason } from "../../core/protocol/headers.ts";

const CONTENT_TYPE = "text/plain; charset=utf-8";

export type Refusal = { readonly reason: RefusalReason; readonly message: string };

export const QUEUE_FULL: Refusal = { reason: "queue-full", message: "pending request queue full" };
export const DRAINING: Refusal = { reason: "draining", message: "shutting down" };
export const NOT_READY: Refusal = { reason: "unreachable", message: "the pod is not ready" };
export const NO_SUCH_POD: Refusal = { reason: "unreachable", message: "this agent has no such pod" };
export const NO_CONNECTION: Refusal = { reason: "unreachable", message: "the application took no connection" };

/** What a queue-proxy says in its pod's name: the application broke off, or took too long. */
export type PodError = "POD_UNREACHABLE" | "REQUEST_TIMEOUT";

export function statusOf(refusal: Refusal): number {
  return refusal.reason === "grant" ? 403 : 503;
}

export function refuse(response: ServerResponse, refusal: Refusal): void {
  send(response, statusOf(refusal), `${refusal.message}\n`, [REFUSED_HEADER, refusal.reason]);
}

/** Answers for a pod unless something was answered already. */
export function answerFor(podId: string, response: ServerResponse, error: PodError, body: string): void {
  send(response, ERRORS[error].status, body, marksOf(podId, error));
}

/** The same on a socket that asked for an upgrade and has no response object. */
export function refuseSocket(socket: Duplex, refusal: Refusal): void {
  sendRaw(socket, statusOf(refusal), `${refusal.message}\n`, [REFUSED_HEADER, refusal.reason]);
}

export function answerSocketFor(podId: string, socket: Duplex, error: PodError, body: string): void {
  sendRaw(socket, ERRORS[error].status, body, marksOf(podId, error));
}

/** Why an application that had the request gave no answer, for its client. */
export function brokeOffText(error: NodeJS.ErrnoException): string {
  const { code = "" } = error;
  if (code === "UND_ERR_HEADERS_OVERFLOW" || code === "HPE_HEADER_OVERFLOW") {
    return "the application answered with headers that are too long\n";
  }
  // Node's parser errors have a code; undici's only have a name (8.x looks their codes up the wrong way round).
  if (code.startsWith("HPE_") || error.name === "HTTPParserError") {
    return "the application answered with something else than HTTP\n";
  }
  return "the application closed the connection before it answered\n";
}

/** Names and values in turn. */
function marksOf(podId: string, error: PodError): string[] {
  return [POD_HEADER, podId, ERROR_HEADER, error, "cache-control", "no-store"];
}

function send(response: ServerResponse, status: number, body: string, marks: readonly string[]): void {
  if (response.headersSent || response.destroyed) return;
  const length = String(Buffer.byteLength(body));
  response.writeHead(status, ["content-type", CONTENT_TYPE, "content-length", length, ...marks]);
  response.end(body);
}

function sendRaw(socket: Duplex, status: number, body: string, marks: readonly string[]): void {
  let markLines = "";
  for (let index = 0; index < marks.length; index += 2) markLines += `${marks[index]}: ${marks[index + 1]}\r\n`;
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\ncontent-type: ${CONTENT_TYPE}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n${markLines}connection: close\r\n\r\n${body}`,
  );
}
