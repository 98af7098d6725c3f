/**
 * The small shell program that stands between the agent and a pod's process. It outlives the agent: it writes down
 * its own pid before and the exit code after, so whoever looks later knows what happened.
 *
 *     sh (session and group leader) ── the application, same group
 *
 * A stop is SIGTERM to the whole group. The shell's trap keeps it alive for that and is reset to the default in the
 * application. Only builtins are used, since PATH belongs to the pod. The exit record is complete when it ends in a
 * newline: one write, no rename that would need a program.
 */

export const SHIM_SHELL = "/bin/sh";

const SCRIPT = `trap : TERM INT HUP QUIT
echo $$ > "$1/pid"
folder=$1
shift
"$@"
code=$?
echo "$code" > "$folder/exit"
exit "$code"`;

/** Variables with other names are legal in Kubernetes, but a shell drops them from what it hands on. */
const SHELL_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Arguments of SHIM_SHELL that run a program.
 * @param folder absolute path where the shim keeps its records
 * @param executable a path with a slash, so that the shell does not take it for a builtin
 */
export function shimArguments(
  folder: string,
  executable: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): string[] {
  const foreign = Object.entries(environment).filter(([name]) => !SHELL_NAME.test(name));
  const viaEnv = foreign.length === 0 ? [] : ["/usr/bin/env", ...foreign.map(([name, value]) => `${name}=${value}`)];
  return ["-c", SCRIPT, "rouse-pod", folder, ...viaEnv, executable, ...args];
}
