/**
 * Ctrl-C, and an orderly kill, as a signal: what waits stops and says so, instead of dying in the middle of a line. A second
 * one ends the process at once.
 */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}
