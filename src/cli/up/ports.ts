/** Which TCP ports are free, and who has the others. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { parseProcessStat } from "../../core/process-stat.ts";
import { CliError, messageOf, systemCodeOf } from "../cli-error.ts";

/** @returns the port, another free one when the default is taken; a port that the user named is never exchanged */
export async function choosePort(flag: string, host: string, wanted: number, isDefault: boolean): Promise<number> {
  const port = await tryListen(host, wanted);
  if (port !== null) return port;
  if (isDefault) return freePort(host);
  throw portTaken(flag, host, wanted);
}

export async function freePort(host: string): Promise<number> {
  const port = await tryListen(host, 0);
  if (port === null) throw new CliError(`no free port on ${host}`);
  return port;
}

export function portTaken(flag: string, host: string, port: number): CliError {
  const owner = findOwner(port);
  const by = owner === null ? "" : ` by ${owner.name}, pid ${owner.pid}`;
  const stop = owner === null ? "Stop the program that listens there" : `Stop it (kill ${owner.pid})`;
  return new CliError(
    `port ${port} on ${host} is in use${by}`,
    `${stop}, or choose another: ${flag} PORT (0 = any free one).`,
  );
}

/** @returns the port that could be bound, null when it is taken */
function tryListen(host: string, port: number): Promise<number | null> {
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  const server = createServer();
  server.once("error", (error) => {
    const code = systemCodeOf(error);
    if (code === "EADDRINUSE") resolve(null);
    else
      reject(
        new CliError(`cannot listen on ${host} port ${port}: ${messageOf(error)}`, "Choose another --host or port."),
      );
  });
  server.listen(port, host, () => {
    const address = server.address();
    server.close(() => resolve(typeof address === "object" && address !== null ? address.port : port));
  });
  return promise;
}

const LISTEN_STATE = "0A";

type Owner = { readonly pid: number; readonly name: string };

/** Linux only: the process that listens on a port. null where that cannot be seen. */
function findOwner(port: number): Owner | null {
  try {
    const inodes = new Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap((file) => listeningInodes(file, port)));
    if (inodes.size === 0) return null;
    const pid = readdirSync("/proc").find((name) => /^\d+$/.test(name) && holdsSocket(name, inodes));
    return pid === undefined ? null : describeOwner(pid);
  } catch {
    return null; // No /proc: the message does without the name.
  }
}

function listeningInodes(file: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return readFileSync(file, "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local = "", , state]) => local.endsWith(suffix) && state === LISTEN_STATE)
    .map((columns) => `socket:[${columns[9]}]`);
}

function holdsSocket(pid: string, inodes: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => inodes.has(readlinkSync(`/proc/${pid}/fd/${fd}`)));
  } catch {
    return false; // It ended, or belongs to somebody else.
  }
}

/** workerd is started again when it dies, so whoever wants the port has to stop its parent. */
function describeOwner(pid: string): Owner | null {
  const stat = parseProcessStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
  if (stat === null) return null;
  const { name, parentPid } = stat;
  if (name === "workerd" && parentPid > 1) return { pid: parentPid, name: "another local edge" };
  return { pid: Number(pid), name };
}
