/** Whether and how long a verb waits. */
import { type Command, Option } from "commander";
import { count } from "../option-values.ts";

export type WaitFlags = { readonly wait: boolean; readonly waitTimeout: number; readonly waitWindow: number };

/** kn's: a Service that is not ready after this long most often never will be. */
const DEFAULT_TIMEOUT_SEC = 600;
const DEFAULT_WINDOW_SEC = 2;

/** @param until what is waited for, e.g. "ready" */
export function withWait(command: Command, until: "ready" | "deleted", isDefault: boolean): Command {
  return withWaitBounds(
    command.option("--wait", `wait until the service is ${until}`, isDefault).option("--no-wait", "do not wait"),
  );
}

/** For a verb that waits anyway. */
export function withWaitBounds(command: Command): Command {
  return command
    .addOption(
      new Option("--wait-timeout <seconds>", "seconds to wait before giving up")
        .default(DEFAULT_TIMEOUT_SEC)
        .argParser(count),
    )
    .addOption(
      new Option("--wait-window <seconds>", "seconds in which a failure may still turn")
        .default(DEFAULT_WINDOW_SEC)
        .argParser(count),
    );
}
