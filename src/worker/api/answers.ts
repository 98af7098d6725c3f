/** What handlers of the API answer with. */
import type { Context } from "hono";
import type { Outcome } from "../../core/protocol/control-plane.ts";
import { type ApiStatus, failure } from "../../core/resource/api-status.ts";
import type { ResourceType } from "../../core/resource/resource-type.ts";
import type { TableObject } from "../../core/resource/table.ts";
import type { ApiEnvironment } from "./environment.ts";
import { formatList, formatObject, formatOf, type List } from "./format.ts";

export type ApiContext = Context<ApiEnvironment>;

export function answerStatus(status: ApiStatus): Response {
  return Response.json(status, { status: status.code });
}

/** @param methods that the path does take */
export function notAllowed(methods: readonly string[]): Response {
  const response = answerStatus(
    failure("MethodNotAllowed", "the server does not allow this method on the requested resource"),
  );
  response.headers.set("allow", methods.join(", "));
  return response;
}

/** One object, in the form that the client asks for. */
export function answerObject(c: ApiContext, type: ResourceType, outcome: Outcome<TableObject>, code = 200): Response {
  if (!outcome.ok) return answerStatus(outcome.status);
  const body = formatObject(formatOf(c.req.raw), type, outcome.value, Date.now());
  return Response.json(body, { status: code });
}

export function answerList(c: ApiContext, type: ResourceType, outcome: Outcome<List>): Response {
  if (!outcome.ok) return answerStatus(outcome.status);
  return Response.json(formatList(formatOf(c.req.raw), type, outcome.value, Date.now()));
}

/** Clients print each of these to their user. */
export function addWarnings(response: Response, texts: readonly string[]): Response {
  for (const text of texts) response.headers.append("warning", `299 - "${headerText(text)}"`);
  return response;
}

/** As long as Kubernetes lets one be when there are many. */
const MAX_WARNING_CHARS = 256;

/** Names of fields come from the client: a header takes neither line ends nor characters beyond ASCII, and is short. */
function headerText(text: string): string {
  const plain = text.slice(0, MAX_WARNING_CHARS).replaceAll(/[^\x20-\x7e]/g, "?");
  return plain.replaceAll(/["\\]/g, "\\$&");
}
