/**
 * When to stop: SIGINT (Ctrl-C), SIGTERM, SIGHUP, or the end of stdin, which is a pipe from the supervisor (bin/rouse.js) and
 * closes when that one is killed. A second signal means at once.
 */

export type StopSignal = {
  /** Aborted at the first signal; for the waits of the start. */
  readonly signal: AbortSignal;
  readonly requested: Promise<void>;
  /** Resolves at a second signal. */
  readonly insisted: Promise<void>;
};

/** npm passes Ctrl-C on to a process that the terminal gave it to already: signals this close together are one. */
const SAME_SIGNAL_MS = 500;

export function watchForStop(): StopSignal {
  const controller = new AbortController();
  const requested = Promise.withResolvers<void>();
  const insisted = Promise.withResolvers<void>();
  let firstMs: number | null = null;
  const request = () => {
    const nowMs = Date.now();
    if (firstMs === null) {
      firstMs = nowMs;
      controller.abort();
      requested.resolve();
    } else if (nowMs - firstMs > SAME_SIGNAL_MS) insisted.resolve();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, request);
  if (process.env.ROUSE_SUPERVISED === "1") {
    process.stdin.once("end", request).once("error", request).resume();
  }
  return { signal: controller.signal, requested: requested.promise, insisted: insisted.promise };
}
