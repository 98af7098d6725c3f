/**
 * Answers of the queue-proxy itself. Each bears a mark: a refusal says that nothing reached the application, so that the
 * edge may try another pod; any other names the pod that it speaks for. The texts are Knative's where Knative has one.
 */
import { type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { POD_HEADER, REFUSED_HEADER, type RefusalReason } from "../../core/protocol/headers.ts";

const CONTENT_TYPE = "text/plain; charset=utf-8";

export type Refusal = { readonly reason: RefusalReason; readonly message: string };

export const QUEUE_FULL: Refusal = { reason: "queue-full", message: "pending request queue full" };
export const DRAINING: Refusal = { reason: "draining", message: "shutting down" };
export const NOT_READY: Refusal = { reason: "unreachable", message: "the pod is not ready" };
export const NO_SUCH_POD: Refusal = { reason: "unreachable", message: "this agent has no such pod" };

export function statusOf(refusal: Refusal): number {
  return refusal.reason === "grant" ? 403 : 503;
}

export function refuse(response: ServerResponse, refusal: Refusal): void {
  send(response, statusOf(refusal), `${refusal.message}\n`, REFUSED_HEADER, refusal.reason);
}

/** Answers for a pod unless something was answered already. */
export function answerFor(podId: string, response: ServerResponse, status: number, body: string): void {
  send(response, status, body, POD_HEADER, podId);
}

/** The same on a socket that asked for an upgrade and has no response object. */
export function refuseSocket(socket: Duplex, refusal: Refusal): void {
  sendRaw(socket, statusOf(refusal), `${refusal.message}\n`, REFUSED_HEADER, refusal.reason);
}

export function answerSocketFor(podId: string, socket: Duplex, status: number, body: string): void {
  sendRaw(socket, status, body, POD_HEADER, podId);
}

function send(response: ServerResponse, status: number, body: string, markName: string, mark: string): void {
  if (response.headersSent || response.destroyed) return;
  const length = String(Buffer.byteLength(body));
  response.writeHead(status, ["content-type", CONTENT_TYPE, "content-length", length, markName, mark]);
  response.end(body);
}

function sendRaw(socket: Duplex, status: number, body: string, markName: string, mark: string): void {
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\ncontent-type: ${CONTENT_TYPE}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n${markName}: ${mark}\r\nconnection: close\r\n\r\n${body}`,
  );
}
