/**
 * A failure that the user can act on: what happened, to which object, and what to do next. Anything else that reaches
 * main.ts is a bug and is shown with its stack.
 */
export class CliError extends Error {
  override readonly name = "CliError";
  /** A sentence or a command; empty when the message says it all. */
  readonly remedy: string;

  constructor(message: string, remedy = "", options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.remedy = remedy;
  }
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
