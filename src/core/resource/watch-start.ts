/** Where a watch begins: what is sent of the state and of the log before the changes that come. */
import { type ApiStatus, failure } from "./api-status.ts";
import { isObjectVersion, listVersion } from "./watch-version.ts";

/**
 *   initial  every object as ADDED, then what changes
 *   live     only what changes from now on
 *   replay   what the log has after a version; with `isEchoed` an object that still has that very version comes first, as
 *            MODIFIED
 *   state    the deletions after a version that are on record, then every object as MODIFIED
 *   expired  nothing: the client has to list again
 */
export type WatchStart =
  | { readonly type: "initial" | "live" }
  | { readonly type: "replay"; readonly afterVersion: number; readonly isEchoed: boolean }
  | { readonly type: "state"; readonly afterVersion: number }
  | { readonly type: "expired"; readonly status: ApiStatus };

export type WatchRequest = {
  /** The resourceVersion that the client starts from; null = none, or "0". */
  readonly version: number | null;
  /** The parameter of that name; null = absent. */
  readonly sendInitialEvents: boolean | null;
  /** "" selects everything. */
  readonly fieldSelector: string;
};

/** Every write after `oldest` up to `newest` is in the log. */
export type LogBounds = { readonly oldest: number; readonly newest: number };

/**
 *     version            sendInitialEvents  by name  →
 *     none               not false          any        initial
 *     none               false              any        live
 *     known              true               any        initial
 *     in the log         not true           no         replay
 *     in the log         not true           yes        replay, echoed when the version is an object's
 *     out of the log     not true           yes        state: kn comes back with its first version for ten minutes
 *     out of the log     not true           no         expired
 *     after the newest   true               any        expired
 *
 * "After the newest" is a version from a storage that was lost. The echo is for kn: it waits for a MODIFIED and would hang
 * on an object that was Ready when it was read.
 */
export function startOf(request: WatchRequest, log: LogBounds): WatchStart {
  const { version, sendInitialEvents, fieldSelector } = request;
  if (version === null) return { type: sendInitialEvents === false ? "live" : "initial" };
  const isFromFuture = version > listVersion(log.newest);
  if (sendInitialEvents === true && !isFromFuture) return { type: "initial" };
  const isByName = selectedName(fieldSelector) !== null;
  if (!isFromFuture && version >= log.oldest) {
    return { type: "replay", afterVersion: version, isEchoed: isByName && isObjectVersion(version) };
  }
  if (isByName && sendInitialEvents !== true) return { type: "state", afterVersion: isFromFuture ? 0 : version };
  const message = `too old resource version: ${version} (${log.oldest})`;
  return { type: "expired", status: failure("Expired", message) };
}

/** The name that a field selector asks for; null when it does not ask for exactly one, or escapes what no name has. */
export function selectedName(fieldSelector: string): string | null {
  return /(?:^|(?<!\\),)\s*metadata\.name==?([^,\\]+)(?:,|$)/.exec(fieldSelector)?.[1] ?? null;
}
