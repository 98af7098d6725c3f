/**
 * `GET /rouse/v1/agents/<uid>/link`: checks the agent's credential before its object is touched, then hands the
 * WebSocket over. A credential is derived from the root key, so nothing needs to be looked up.
 */
import type { Context } from "hono";
import type { AgentRpc, ObjectNamespace } from "../core/protocol/objects.ts";
import { deriveAgentCredential, isSameSecret } from "./credential.ts";

export type AgentLinkEnv = {
  readonly AGENT: ObjectNamespace<AgentRpc>;
  readonly ROUSE_ROOT_KEY: string;
};

export async function openAgentLink(c: Context<{ Bindings: AgentLinkEnv }>): Promise<Response> {
  const uid = c.req.param("uid") ?? "";
  const given = /^Bearer (.+)$/.exec(c.req.header("authorization") ?? "")?.[1] ?? "";
  if (!(await isSameSecret(given, await deriveAgentCredential(c.env.ROUSE_ROOT_KEY, uid)))) {
    return c.text(
      "the agent's credential is not valid for this edge; join the machine again with `rouse agent`\n",
      401,
    );
  }
  return (await c.env.AGENT.getByName(uid).fetch(c.req.raw)) as Response;
}
