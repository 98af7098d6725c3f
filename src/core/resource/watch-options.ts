/** The parameters of a watch, checked as Kubernetes checks them. */
import { type ApiStatus, failure, invalidField } from "./api-status.ts";

export type WatchOptions = {
  /** null = none, or "0": from the present state. */
  readonly version: number | null;
  readonly sendInitialEvents: boolean | null;
  readonly allowBookmarks: boolean;
  /** When the watch ends by itself, at most MAX_TIMEOUT_SEC. */
  readonly timeoutSec: number;
};

export type ParsedWatchOptions =
  | { readonly ok: true; readonly options: WatchOptions }
  | { readonly ok: false; readonly status: ApiStatus };

/** Without timeoutSeconds a watch lasts this long, and up to as long again: Kubernetes' min-request-timeout. */
export const DEFAULT_TIMEOUT_SEC = 1800;
export const MAX_TIMEOUT_SEC = 3600;

/**
 * @param parameter the query parameter of a name; null when it is absent
 * @param random at least 0 and below 1: spreads the ends of watches without a timeout
 */
export function parseWatchOptions(parameter: (name: string) => string | null, random: number): ParsedWatchOptions {
  const resourceVersion = parameter("resourceVersion") ?? "";
  if (!/^\d{0,20}$/.test(resourceVersion)) {
    const message = `invalid resourceVersion ${JSON.stringify(resourceVersion)}: it must come from an object or a list of this server`;
    return { ok: false, status: failure("BadRequest", message) };
  }
  const timeout = parameter("timeoutSeconds") ?? "";
  if (!/^\d*$/.test(timeout)) {
    const message = `invalid timeoutSeconds ${JSON.stringify(timeout)}: it must be a number of seconds`;
    return { ok: false, status: failure("BadRequest", message) };
  }
  const sendInitialEvents = booleanOf(parameter("sendInitialEvents"));
  const problem = matchProblem(sendInitialEvents, parameter("resourceVersionMatch") ?? "");
  if (problem !== null) {
    return { ok: false, status: invalidField('ListOptions.meta.k8s.io ""', "resourceVersionMatch", problem) };
  }
  return {
    ok: true,
    options: {
      version: Number(resourceVersion) === 0 ? null : Number(resourceVersion),
      sendInitialEvents,
      allowBookmarks: booleanOf(parameter("allowWatchBookmarks")) === true,
      timeoutSec: timeoutSecOf(Number(timeout), random),
    },
  };
}

/** Source: k8s.io/apimachinery/pkg/apis/meta/internalversion/validation ValidateListOptions */
function matchProblem(sendInitialEvents: boolean | null, match: string): string | null {
  if (sendInitialEvents !== null && match !== "NotOlderThan") {
    return "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
  }
  if (sendInitialEvents === null && match !== "") {
    return "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
  }
  return null;
}

function timeoutSecOf(askedSec: number, random: number): number {
  if (askedSec > 0) return Math.min(askedSec, MAX_TIMEOUT_SEC);
  return DEFAULT_TIMEOUT_SEC + Math.floor(random * DEFAULT_TIMEOUT_SEC);
}

function booleanOf(text: string | null): boolean | null {
  if (text === null || text === "") return null;
  return text === "true" || text === "1";
}
