/**
 * The composition root of the edge: the Worker's handler and the classes that the runtime instantiates.
 */
import { Agent } from "../durable/agent/agent.ts";
import { ControlPlane } from "../durable/control-plane/control-plane.ts";
import { Revision } from "../durable/revision/revision.ts";
import { Routes } from "../durable/routes/routes.ts";
import { handle } from "./app.ts";
import { RouteCacheControl } from "./gateway/route-cache-control.ts";

export { Agent, ControlPlane, Revision, RouteCacheControl, Routes };
export default { fetch: handle };
