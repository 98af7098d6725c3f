/** A line of Linux' `/proc/<pid>/stat`, as far as anybody here asks. Source: proc_pid_stat(5). */

export type ProcessStat = {
  /** The file name of its program, cut to 15 characters; it may hold anything, spaces and parentheses too. */
  readonly name: string;
  /** It ended and only its parent has not noticed yet (states Z and X). */
  readonly hasEnded: boolean;
  readonly parentPid: number;
  /** When it started, in clock ticks since boot. Decimal text, since it is only ever compared. */
  readonly startTicks: string;
};

/** @returns null for what is no such line */
export function parseProcessStat(line: string): ProcessStat | null {
  // "pid (name) state ppid …": the name ends at the last parenthesis. Of the fields behind it, field 3 is the first.
  const nameEnd = line.lastIndexOf(")");
  const [state, parentPid, ...rest] = line.slice(nameEnd + 2).split(" ");
  const startTicks = rest[17];
  if (nameEnd === -1 || parentPid === undefined || startTicks === undefined) return null;
  const name = line.slice(line.indexOf("(") + 1, nameEnd);
  return { name, hasEnded: state === "Z" || state === "X", parentPid: Number(parentPid), startTicks };
}
