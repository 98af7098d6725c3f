/** How a machine becomes an origin agent: once, with a join token, it is given an identity that it keeps in its state folder. */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { ApiClient, refusal } from "./api/api-client.ts";
import { CliError, systemCodeOf } from "./cli-error.ts";
import { makePrivateDir, writePrivateFile } from "./secrets.ts";

export type JoinedAgent = {
  readonly agentUid: string;
  readonly credential: string;
  /** What people know the machine by. */
  readonly name: string;
};

export type JoinOptions = {
  readonly edge: string;
  /** Needed only while the state folder holds no identity. */
  readonly token?: string;
  /** The first start without one takes the machine's; a later start keeps what there was. */
  readonly name?: string;
  readonly stateDir: string;
};

const IDENTITY_FILE = "identity.json";
const UNAUTHORIZED = 401;

export async function joinOnce({ edge, token, name, stateDir }: JoinOptions): Promise<JoinedAgent> {
  makePrivateDir(stateDir);
  const path = join(stateDir, IDENTITY_FILE);
  const known = readIdentity(path);
  if (known !== null) return keepName(path, known, name);
  if (token === undefined) {
    throw new CliError(
      `this machine has not joined yet: there is no ${path}`,
      "Get a join token with `npx rouse token create` and give it as --token TOKEN, once.",
    );
  }
  // The join token is the credential, so there is no other to send.
  const answer = await new ApiClient(edge, token).request("POST", "/rouse/v1/join", {
    token,
    name: name ?? hostname(),
  });
  if (answer.status === UNAUTHORIZED) {
    throw new CliError(
      `${edge} does not accept this join token`,
      "Each is good for one join and for a short time; get a new one with `npx rouse token create`.",
    );
  }
  if (answer.status >= 300) throw refusal(`join ${edge}`, answer);
  const joined = parseIdentity(answer.body);
  if (joined === null)
    throw new CliError(`${edge} did not answer as an edge of Rouse does`, "Is --edge the control host?");
  return keepName(path, { ...joined, name: "" }, name);
}

function keepName(path: string, agent: JoinedAgent, name: string | undefined): JoinedAgent {
  const named = { ...agent, name: name ?? (agent.name || hostname()) };
  if (named.name !== agent.name) writePrivateFile(path, `${JSON.stringify(named)}\n`);
  return named;
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
  const { agentUid, credential, name = "" } = (value ?? {}) as Partial<Record<keyof JoinedAgent, unknown>>;
  if (typeof agentUid !== "string" || typeof credential !== "string" || typeof name !== "string") return null;
  return { agentUid, credential, name };
}
