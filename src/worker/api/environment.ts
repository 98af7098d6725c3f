/** What the API server needs from the Worker, and what its handlers share. */
import type { ControlPlaneRpc } from "../../core/protocol/control-plane.ts";
import {
  type AgentRpc,
  CONTROL_PLANE_NAME,
  type ObjectNamespace,
  type RevisionRpc,
} from "../../core/protocol/objects.ts";
import type { AuthEnv, User } from "../auth.ts";

export type ApiEnv = AuthEnv & {
  readonly CONTROL_PLANE: ObjectNamespace<ControlPlaneRpc>;
  readonly REVISION: ObjectNamespace<RevisionRpc>;
  readonly AGENT: ObjectNamespace<AgentRpc>;
  readonly ROUSE_ROOT_KEY: string;
};

export type ApiEnvironment = { Bindings: ApiEnv; Variables: { user: User } };

export function controlPlaneOf(env: ApiEnv): ControlPlaneRpc {
  return env.CONTROL_PLANE.getByName(CONTROL_PLANE_NAME);
}
