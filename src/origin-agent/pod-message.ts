/**
 * What people read of a pod that failed or is not ready. The first line says it all, since tables and `kubectl describe`
 * show no other. Nothing in it differs from one pod to the next without need: equal failures are counted as one Event.
 */
import type { PodExit } from "./drivers/driver.ts";

const MAX_LAST_WORDS_CHARS = 300;

/** @param output the newest lines that it wrote; "" = none */
export function exitMessage(exit: PodExit, output: string): string {
  const words = lastWords(output);
  if (words === "") return `${describeExit(exit)}; it wrote no output`;
  return `${describeExit(exit)}: ${words}${quote(output, words)}`;
}

/** @param problem what the last probe met */
export function deadlineMessage(progressDeadlineSec: number, problem: string, output: string): string {
  return `not ready within ${progressDeadlineSec} s: ${problem}${output === "" ? "; it wrote no output" : quote(output, "")}`;
}

/** Of a pod that still has time. @param problem what the last probe met */
export function unreadyMessage(problem: string): string {
  return `the process runs, but is not ready yet: ${problem}`;
}

function describeExit({ exitCode, signal }: PodExit): string {
  if (signal !== undefined) return `ended by ${signal}`;
  if (exitCode !== undefined) return `exited with code ${exitCode}`;
  return "ended without a record of its exit code (the machine restarted, or its shim was killed)";
}

/** The last line that tells something: below an error are often frames of its stack, brackets, and the version of Node. */
function lastWords(output: string): string {
  const lines = output.split(/\r?\n/).filter((line) => line.trim() !== "");
  const telling = lines.findLast((line) => /^\S*\w/.test(line) && !/^Node\.js v\d/.test(line));
  const words = (telling ?? lines.at(-1) ?? "").trim();
  return words.length <= MAX_LAST_WORDS_CHARS ? words : `${words.slice(0, MAX_LAST_WORDS_CHARS)}…`;
}

function quote(output: string, toldAlready: string): string {
  return output.trim() === toldAlready ? "" : `\nlast lines of its output:\n${output}`;
}
