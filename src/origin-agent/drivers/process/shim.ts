/**
 * The small shell program that stands between the agent and a pod's process. It outlives the agent: it writes down the
 * exit code, so whoever looks later knows what happened.
 *
 *     sh (session and group leader) ── the application, same group
 *
 * It is started before there is a pod for it and waits on its stdin for the pod's folder: to fork an agent of 100 MB
 * takes 4 ms (measured), a waiting shell 0.5 ms. A shim whose agent dies before that reads the end of its stdin and ends.
 *
 * A stop is SIGTERM to the whole group. The shell's trap keeps it alive for that and is reset to the default in the
 * application. Only builtins are used, since PATH belongs to the pod. The exit record is complete when it ends in a
 * newline: one write, no rename that would need a program.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { identify, type ProcessIdentity } from "./process-identity.ts";

const SHELL = "/bin/sh";
const WAIT_FOR_FOLDER = `trap : TERM INT HUP QUIT
IFS= read -r folder || exit 0
. "$folder/start"`;

/** Legal in Kubernetes, and lost on their way through a shell or refused by it: these go through env(1). */
const SHELL_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const SHELLS_OWN = new Set(["BASHOPTS", "BASH_VERSINFO", "EUID", "PPID", "SHELLOPTS", "UID"]);

export type PodProgram = {
  /** Absolute. */
  readonly workingDir: string;
  /** A path with a slash, so that the shell does not take it for a builtin. */
  readonly executable: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
};

/**
 * What the shim does with a pod's folder (its variable `folder`), as shell text.
 * @throws Error when a value has a NUL character, which no program can be given
 */
export function startScript({ workingDir, executable, args, environment }: PodProgram): string {
  const assignments: string[] = [];
  const foreign: string[] = [];
  for (const [name, value] of Object.entries(environment)) {
    if (SHELL_NAME.test(name) && !SHELLS_OWN.has(name)) assignments.push(`${name}=${quote(value)}`);
    else foreign.push(quote(`${name}=${value}`));
  }
  const viaEnv = foreign.length === 0 ? [] : ["/usr/bin/env", ...foreign];
  const command = [...assignments, ...viaEnv, quote(executable), ...args.map(quote)];
  return `exec </dev/null >>"$folder/log" 2>&1
cd ${quote(workingDir)} || exit 126
unset OLDPWD
${command.join(" ")}
code=$?
echo "$code" > "$folder/exit"
exit "$code"
`;
}

function quote(text: string): string {
  if (text.includes("\0")) throw new Error("a command, argument or variable contains a NUL character");
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** A shim that waits for its pod. */
export class Shim {
  readonly child: ChildProcess;
  readonly identity: ProcessIdentity;

  private constructor(child: ChildProcess, identity: ProcessIdentity) {
    this.child = child;
    this.identity = identity;
  }

  /** @throws Error when the machine gives no process */
  static async spawn(): Promise<Shim> {
    // It knows nothing of the agent's environment.
    const child = spawn(SHELL, ["-c", WAIT_FOR_FOLDER, "rouse-pod"], {
      ...{ cwd: "/", env: {}, detached: true, stdio: ["pipe", "ignore", "ignore"] },
    });
    // Its stdin breaks when it ends, which `child` tells.
    child.stdin?.on("error", () => {});
    if (child.pid === undefined) throw await new Promise<Error>((resolve) => child.once("error", resolve));
    child.unref();
    (child.stdin as { unref?: () => void } | null)?.unref?.();
    const identity = identify(child.pid);
    if (identity === null) throw new Error(`${SHELL} ended before it was given a pod`);
    return new Shim(child, identity);
  }

  get isWaiting(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** @param folder absolute path with the file `start` */
  run(folder: string): void {
    this.child.stdin?.end(`${folder}\n`);
  }

  /** It is not needed. */
  dismiss(): void {
    this.child.stdin?.end();
  }
}
