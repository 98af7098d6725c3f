/** How a machine becomes an origin agent: once, with a join token, it is given an identity that it keeps in its state folder. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ApiClient, refusal } from "./api/api-client.ts";
import { CliError, systemCodeOf } from "./cli-error.ts";
import { makePrivateDir, writePrivateFile } from "./secrets.ts";

export type JoinedAgent = { readonly agentUid: string; readonly credential: string };

export type JoinOptions = {
  readonly edge: string;
  /** Needed only while the state folder holds no identity. */
  readonly token?: string;
  readonly name: string;
  readonly stateDir: string;
};

const IDENTITY_FILE = "identity.json";
const UNAUTHORIZED = 401;

export async function joinOnce({ edge, token, name, stateDir }: JoinOptions): Promise<JoinedAgent> {
  makePrivateDir(stateDir);
  const path = join(stateDir, IDENTITY_FILE);
  const known = readIdentity(path);
  if (known !== null) return known;
  if (token === undefined) {
    throw new CliError(
      `this machine has not joined yet: there is no ${path}`,
      "Get a join token with `rouse token create` and give it as --token TOKEN, once.",
    );
  }
  // The join token is the credential, so there is no other to send.
  const answer = await new ApiClient(edge, token).request("POST", "/rouse/v1/join", { token, name });
  if (answer.status === UNAUTHORIZED) {
    throw new CliError(
      `${edge} does not accept this join token`,
      "Each is good for one join and for a short time; get a new one with `rouse token create`.",
    );
  }
  if (answer.status >= 300) throw refusal(`join ${edge}`, answer);
  const joined = parseIdentity(answer.body);
  if (joined === null)
    throw new CliError(`${edge} did not answer as an edge of Rouse does`, "Is --edge the control host?");
  writePrivateFile(path, `${JSON.stringify(joined)}\n`);
  return joined;
}

function readIdentity(path: string): JoinedAgent | null {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return null;
    throw error;
  }
  const identity = parseIdentity(JSON.parse(text));
  if (identity === null) throw new CliError(`${path} is damaged`, "Remove it and join again with a new join token.");
  return identity;
}

function parseIdentity(value: unknown): JoinedAgent | null {
  const { agentUid, credential } = (value ?? {}) as { agentUid?: unknown; credential?: unknown };
  return typeof agentUid === "string" && typeof credential === "string" ? { agentUid, credential } : null;
}
