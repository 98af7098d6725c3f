/** The real kubectl, with a home of its own: what it has cached of other servers must not be asked. */
import { execFile, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import type { Rouse } from "./rouse.ts";

export type Kubectl = {
  /** @returns what it printed. @throws with what it said to standard error when it failed */
  (...args: readonly string[]): Promise<string>;
  /** With more of the environment, and a text for standard input. */
  with(options: Options, ...args: readonly string[]): Promise<string>;
  /** What it says to standard error when it fails. @throws when it does not fail */
  failing(...args: readonly string[]): Promise<string>;
  /** Resolves when a line of what it prints is as wished; then kubectl is ended. @returns all lines up to there */
  following(isWished: (line: string) => boolean, ...args: readonly string[]): Promise<string[]>;
};

type Options = { readonly input?: unknown; readonly env?: Readonly<Record<string, string>> };
type Result = { readonly code: number; readonly stdout: string; readonly stderr: string };

const TIMEOUT_MS = 30_000;

/** $KUBECTL, else the first on the PATH; null where there is none. */
export function findKubectl(): string | null {
  const { KUBECTL = "", PATH = "" } = process.env;
  const candidates = KUBECTL === "" ? PATH.split(delimiter).map((folder) => join(folder, "kubectl")) : [KUBECTL];
  return candidates.find(isExecutable) ?? null;
}

export function kubectlFor(rouse: Rouse, program: string): Kubectl {
  const env = { ...process.env, HOME: rouse.stateDir, KUBECONFIG: rouse.kubeconfig };
  const run = ({ input, env: more }: Options, args: readonly string[]) =>
    new Promise<Result>((resolve) => {
      const child = execFile(
        program,
        args,
        { env: { ...env, ...more }, timeout: TIMEOUT_MS },
        (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
      );
      child.stdin?.end(input === undefined ? "" : JSON.stringify(input));
    });
  const succeed = async (options: Options, args: readonly string[]) => {
    const { code, stdout, stderr } = await run(options, args);
    if (code !== 0) throw new Error(`kubectl ${args.join(" ")} exited with ${code}:\n${stdout}${stderr}`);
    return stdout;
  };
  return Object.assign((...args: readonly string[]) => succeed({}, args), {
    with: (options: Options, ...args: readonly string[]) => succeed(options, args),
    async failing(...args: readonly string[]) {
      const { code, stdout, stderr } = await run({}, args);
      if (code === 0) throw new Error(`kubectl ${args.join(" ")} did not fail:\n${stdout}`);
      return stderr.trim();
    },
    following: (isWished: (line: string) => boolean, ...args: readonly string[]) =>
      follow(program, args, env, isWished),
  });
}

function follow(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  isWished: (line: string) => boolean,
): Promise<string[]> {
  const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "inherit"], timeout: TIMEOUT_MS });
  const { promise, resolve, reject } = Promise.withResolvers<string[]>();
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString("utf8");
    const lines = text.split("\n").slice(0, -1);
    const found = lines.findIndex(isWished);
    if (found === -1) return;
    resolve(lines.slice(0, found + 1));
    child.kill("SIGKILL");
  });
  child.once("error", reject);
  child.once("exit", () => reject(new Error(`kubectl ${args.join(" ")} ended before a line was as wished:\n${text}`)));
  return promise;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
