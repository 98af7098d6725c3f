/**
 * A failure that the user can act on: what happened, to which object, and what to do next. Anything else that reaches
 * main.ts is a bug.
 */
export class CliError extends Error {
  override readonly name = "CliError";
  /** A sentence or a command; empty when the message says it all. */
  readonly remedy: string;
  readonly exitCode: number;

  /** @param options exitCode by its name, or as it is in another error */
  constructor(message: string, remedy = "", options: { cause?: unknown; exitCode?: ExitCodeName | number } = {}) {
    const { cause, exitCode = "failed" } = options;
    super(message, cause === undefined ? undefined : { cause });
    this.remedy = remedy;
    this.exitCode = typeof exitCode === "number" ? exitCode : EXIT_CODES[exitCode];
  }
}

/**
 *   failed       refused by the edge, not found, or not possible
 *   usage        the command line is wrong; nothing was sent
 *   unreachable  no answer from the edge, or the token is not known there
 *   notReady     written, but it failed or did not become ready in time
 *   interrupted  Ctrl-C while waiting: 128 + SIGINT, as shells have it
 */
export const EXIT_CODES = { failed: 1, usage: 2, unreachable: 3, notReady: 4, interrupted: 130 } as const;
type ExitCodeName = keyof typeof EXIT_CODES;

/** The error for a command line that says something wrong; the message names the flag. */
export function usage(message: string, remedy = ""): CliError {
  return new CliError(message, remedy, { exitCode: "usage" });
}

/** The text of any thrown value, with the text of its cause where that adds something (fetch hides the reason there). */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? error.cause.message : "";
  return cause === "" || error.message.includes(cause) ? error.message : `${error.message}: ${cause}`;
}

/** The code of a Node.js system error, e.g. ENOENT. */
export function systemCodeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const code = (error as { code?: unknown }).code;
  return typeof code === "string" ? code : undefined;
}
