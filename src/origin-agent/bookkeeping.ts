/**
 * What the agent writes down for the agent after it. A full or broken disk must not end the one that runs, and with it
 * the way to pods that have nothing to do with it.
 */
import type { Logger } from "pino";

/** @param what completes "could not", for people */
export function attempt(log: Logger, what: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    log.warn({ error: error instanceof Error ? error.message : String(error) }, `could not ${what}; going on`);
  }
}
