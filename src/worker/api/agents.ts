/** Rouse's own API: agents and how they join. `join` needs no API token, since a join token is its credential. */
import { Hono } from "hono";
import { failure } from "../../core/resource/api-status.ts";
import { isJsonObject } from "../../core/resource/json.ts";
import { deriveAgentCredential } from "../credential.ts";
import { answerStatus } from "./answers.ts";
import { readJsonBody } from "./body.ts";
import { type ApiEnvironment, controlPlaneOf } from "./environment.ts";

export const JOIN_PATH = "/rouse/v1/join";
const MAX_NAME_CHARS = 253;

export function agentRoutes(): Hono<ApiEnvironment> {
  return new Hono<ApiEnvironment>()
    .get("/rouse/v1/agents", async (c) => c.json({ items: await controlPlaneOf(c.env).describeAgents() }))
    .post("/rouse/v1/join-tokens", async (c) => c.json(await controlPlaneOf(c.env).createJoinToken(), 201))
    .post(JOIN_PATH, async (c) => {
      // Whoever calls has no token yet: nothing but JSON is read, which costs least.
      const body = await readJsonBody(c.req.raw);
      if (!body.ok) return answerStatus(body.status);
      const { token, name } = isJsonObject(body.value) ? body.value : {};
      if (typeof token !== "string") return answerStatus(failure("BadRequest", "missing field(s): token"));
      if (typeof name !== "string" || name === "" || name.length > MAX_NAME_CHARS) {
        return answerStatus(failure("BadRequest", `name must be a text of 1 to ${MAX_NAME_CHARS} characters`));
      }
      const joined = await controlPlaneOf(c.env).join(token, name);
      if (!joined.ok) return answerStatus(joined.status);
      const { agentUid } = joined.value;
      return c.json({ agentUid, credential: await deriveAgentCredential(c.env.ROUSE_ROOT_KEY, agentUid) }, 201);
    });
}
