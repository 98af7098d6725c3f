/**
 * Which edge a verb talks to, and with which token: from the flags and ROUSE_ADMIN_TOKEN, else from the state folder of
 * `rouse up`.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Command, Option } from "commander";
import { parse } from "yaml";
import { CliError } from "../cli-error.ts";
import { isLoopback } from "../loopback.ts";
import { ADMIN_TOKEN_FILE } from "../secrets.ts";
import { ApiClient } from "./api-client.ts";
import { edgeUrl } from "./edge-url.ts";

const EDGE_VARIABLE = "ROUSE_EDGE";
const STATE_VARIABLE = "ROUSE_STATE";
const DEFAULT_STATE = ".rouse";

export type ConnectionFlags = { readonly edge?: string; readonly state: string };

export function withConnection(command: Command): Command {
  return command
    .addOption(
      new Option("--edge <url>", "URL of the edge's control host (default: that of the local `rouse up`)")
        .env(EDGE_VARIABLE)
        .argParser(edgeUrl),
    )
    .addOption(stateOption("state folder of the local `rouse up`"));
}

/** `rouse up` and the verbs that look for it must mean the same folder, wherever they are called. */
export function stateOption(description: string): Option {
  return new Option("--state <dir>", description).default(DEFAULT_STATE).env(STATE_VARIABLE);
}

/** What the environment says, for who has no parsed options. */
export function connectionFromEnvironment(env: NodeJS.ProcessEnv): ConnectionFlags {
  const edge = env[EDGE_VARIABLE];
  return { state: env[STATE_VARIABLE] ?? DEFAULT_STATE, ...(edge === undefined ? {} : { edge }) };
}

export function connect({ edge, state }: ConnectionFlags): ApiClient {
  const token = process.env.ROUSE_ADMIN_TOKEN ?? localToken(state, edge);
  return new ApiClient(edge ?? localEdge(readState(state, "kubeconfig")), token);
}

/** The token of the local edge is for this machine only: another edge must not learn it. */
function localToken(state: string, edge: string | undefined): string {
  if (edge !== undefined && !isLoopback(new URL(edge).hostname)) {
    throw new CliError(
      `there is no token for ${edge}`,
      "Put the one that `rouse init` printed into ROUSE_ADMIN_TOKEN.",
      {
        exitCode: "unreachable",
      },
    );
  }
  return readState(state, ADMIN_TOKEN_FILE).trim();
}

/** The origin of the server in a kubeconfig that `rouse up` wrote. */
export function localEdge(kubeconfig: string): string {
  const { clusters } = parse(kubeconfig) as { clusters: readonly { cluster: { server: string } }[] };
  const server = clusters[0]?.cluster.server;
  if (server === undefined)
    throw new CliError("the kubeconfig names no server", "Start `rouse up` again, or give --edge URL.");
  return new URL(server).origin;
}

function readState(state: string, file: string): string {
  const path = join(state, file);
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new CliError(
      `cannot read ${path}`,
      "Start `rouse up` first, or point to its folder with --state DIR or ROUSE_STATE.\nFor a deployed edge: --edge URL, with the token in ROUSE_ADMIN_TOKEN.",
      { cause: error, exitCode: "unreachable" },
    );
  }
}
