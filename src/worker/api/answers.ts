/** What handlers of the API answer with. */
import type { Context } from "hono";
import { type ApiStatus, failure } from "../../core/resource/api-status.ts";
import type { ApiEnvironment } from "./environment.ts";

export type ApiContext = Context<ApiEnvironment>;

export function answerStatus(status: ApiStatus): Response {
  return Response.json(status, { status: status.code });
}

export function notAllowed(c: ApiContext): Response {
  return answerStatus(failure("MethodNotAllowed", `${c.req.method} is not supported on ${c.req.path}`));
}
