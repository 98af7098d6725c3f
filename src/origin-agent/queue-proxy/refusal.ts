/**
 * Answers of the queue-proxy itself. A refusal says in a header that nothing reached the application, so that the edge may
 * try another pod; the texts are Knative's where Knative has one.
 */
import { type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { REFUSED_HEADER, type RefusalReason } from "../../core/protocol/headers.ts";

export type Refusal = { readonly reason: RefusalReason; readonly message: string };

export const QUEUE_FULL: Refusal = { reason: "queue-full", message: "pending request queue full" };
export const DRAINING: Refusal = { reason: "draining", message: "shutting down" };
export const NOT_READY: Refusal = { reason: "unreachable", message: "the pod is not ready" };
export const NO_SUCH_POD: Refusal = { reason: "unreachable", message: "this agent has no such pod" };

export function statusOf(refusal: Refusal): number {
  return refusal.reason === "grant" ? 403 : 503;
}

export function refuse(response: ServerResponse, refusal: Refusal): void {
  answer(response, statusOf(refusal), `${refusal.message}\n`, refusal.reason);
}

/** Answers unless something was answered already. @param refused value of the refusal header; null = this is none */
export function answer(response: ServerResponse, status: number, body: string, refused: string | null = null): void {
  if (response.headersSent || response.destroyed) return;
  const headers = ["content-type", "text/plain; charset=utf-8", "content-length", String(Buffer.byteLength(body))];
  if (refused !== null) headers.push(REFUSED_HEADER, refused);
  response.writeHead(status, headers);
  response.end(body);
}

/** The same on a socket that asked for an upgrade and has no response object. */
export function answerSocket(socket: Duplex, status: number, body: string, refused: string | null = null): void {
  const refusedLine = refused === null ? "" : `${REFUSED_HEADER}: ${refused}\r\n`;
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\ncontent-type: text/plain; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n${refusedLine}connection: close\r\n\r\n${body}`,
  );
}
