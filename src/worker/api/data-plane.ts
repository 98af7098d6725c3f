/**
 * A look into the data plane: what a revision's object and an agent's object know at this moment. For the status page, the
 * CLI and tests.
 */
import { Hono } from "hono";
import { failure } from "../../core/resource/api-status.ts";
import { answerStatus } from "./answers.ts";
import { type ApiEnvironment, controlPlaneOf } from "./environment.ts";

export function dataPlaneRoutes(): Hono<ApiEnvironment> {
  return new Hono<ApiEnvironment>()
    .get("/rouse/v1/namespaces/:namespace/revisions/:name", async (c) => {
      const { namespace, name } = c.req.param();
      const found = await controlPlaneOf(c.env).getObject({ kind: "Revision", namespace, name });
      if (!found.ok) return answerStatus(found.status);
      return c.json(await c.env.REVISION.getByName(found.value.metadata.uid).describe());
    })
    .get("/rouse/v1/agents/:uid", async (c) => {
      const uid = c.req.param("uid");
      // An object would be made for whatever name is asked for.
      const agents = await controlPlaneOf(c.env).describeAgents();
      if (!agents.some(({ agentUid }) => agentUid === uid)) {
        return answerStatus(failure("NotFound", `agents.rouse.dev ${JSON.stringify(uid)} not found`));
      }
      return c.json(await c.env.AGENT.getByName(uid).describe());
    });
}
