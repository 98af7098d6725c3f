/** Load with wrk: so many connections, as fast as answers come. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { CliError, systemCodeOf } from "../../src/cli/cli-error.ts";

export type Load = {
  readonly url: string;
  readonly host?: string;
  readonly connections: number;
  readonly seconds: number;
};

export type LoadResult = {
  readonly requests: number;
  readonly requestsPerSec: number;
  /** Milliseconds. */
  readonly medianMs: number;
  readonly p99Ms: number;
};

const SLACK_MS = 10_000;
/** What a small client sends (curl's set); headers are copied and checked on the way, so none at all would flatter. */
const CLIENT_HEADERS = ["-H", "User-Agent: rouse-bench/1", "-H", "Accept: */*", "-H", "Accept-Encoding: gzip"];
const INSTALL = "Install it, e.g. `apt-get install wrk` or `brew install wrk` (https://github.com/wg/wrk).";
const UNIT_MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000, m: 60_000 };

export async function requireWrk(): Promise<void> {
  try {
    // It prints its version and usage with exit code 1.
    await promisify(execFile)("wrk", ["-v"]);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT")
      throw new CliError("the warm benchmark needs wrk, which is not there", INSTALL);
  }
}

/** @throws CliError when an answer was no success or a connection broke: such numbers would mean nothing */
export async function runWrk({ url, host, connections, seconds }: Load): Promise<LoadResult> {
  const header = host === undefined ? [] : ["-H", `Host: ${host}`];
  const { stdout } = await promisify(execFile)(
    "wrk",
    ["--latency", "-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "10s", ...CLIENT_HEADERS, ...header, url],
    { timeout: seconds * 1_000 + SLACK_MS },
  );
  const failures = stdout.match(/(Non-2xx or 3xx responses|Socket errors): .*/g);
  if (failures !== null) throw new CliError(`the load on ${host ?? url} met failures: ${failures.join("; ")}`);
  return {
    requests: Number(match(stdout, /(\d+) requests in /)[1]),
    requestsPerSec: Number(match(stdout, /Requests\/sec:\s+([\d.]+)/)[1]),
    medianMs: milliseconds(match(stdout, /^\s+50%\s+([\d.]+)(\w+)/m)),
    p99Ms: milliseconds(match(stdout, /^\s+99%\s+([\d.]+)(\w+)/m)),
  };
}

function match(text: string, pattern: RegExp): RegExpExecArray {
  const found = pattern.exec(text);
  if (found === null) throw new CliError(`the output of wrk has no ${pattern}:\n${text}`);
  return found;
}

function milliseconds([, value, unit]: RegExpExecArray): number {
  return Number(value) * (UNIT_MS[unit ?? ""] ?? Number.NaN);
}
