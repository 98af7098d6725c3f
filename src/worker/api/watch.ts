/** Watches of stored objects and of views. */
import { failure } from "../../core/resource/api-status.ts";
import type { ResourceType } from "../../core/resource/resource-type.ts";
import { type ApiContext, answerStatus } from "./answers.ts";

export type WatchQuery = {
  /** null = all namespaces. */
  readonly namespace: string | null;
  readonly labelSelector: string;
  readonly fieldSelector: string;
};

/** `GET list?watch=true`: a stream of events, one JSON object per line. */
export async function watch(_c: ApiContext, _type: ResourceType, _query: WatchQuery): Promise<Response> {
  return answerStatus(failure("MethodNotAllowed", "watch is not supported by this version; list again instead"));
}
