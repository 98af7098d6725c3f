/**
 * The edge's front door: control host → API, page and agent links (Hono); every other host → data plane.
 *
 * The data plane does not pass through Hono: its context object and dispatch cost 6 to 11 µs per request, a tenth of what
 * the gateway adds at all (docs/benchmarks.md).
 */
import { Hono } from "hono";
import { isControlHost, normalizeHost } from "../core/routing/host.ts";
import { type AgentLinkEnv, openAgentLink } from "./agent-link.ts";
import { type ApiEnv, createApi } from "./api/api.ts";
import { problem } from "./gateway/answers.ts";
import type { GatewayEnv } from "./gateway/env.ts";
import { serve } from "./gateway/gateway.ts";
import { normalizeTarget } from "./target.ts";

export type Env = GatewayEnv &
  ApiEnv &
  AgentLinkEnv & {
    /** "" locally: the loopback names are the control host. */
    readonly CONTROL_HOST: string;
  };

const control = new Hono<{ Bindings: Env }>();
control.get("/rouse/v1/agents/:uid/link", openAgentLink);
control.route("/", createApi());

export function handle(request: Request, env: Env, context: ExecutionContext): Response | Promise<Response> {
  const { proto, authority, target } = splitUrl(request.url);
  const host = normalizeHost(authority);
  if (isControlHost(host ?? authority, env.CONTROL_HOST)) return control.fetch(request, env, context);
  if (host === null) return problem("HOST_INVALID", "the Host header is not a valid DNS name");
  return serve({ request, host, authority, target, proto }, env, context);
}

/** The parts of an absolute URL, without the cost of `new URL` where there is nothing to normalize. */
function splitUrl(url: string): { proto: "http" | "https"; authority: string; target: string } {
  const proto = url.startsWith("https:") ? "https" : "http";
  const start = proto.length + 3;
  const end = url.indexOf("/", start);
  if (end === -1) return { proto, authority: url.slice(start), target: "/" };
  return { proto, authority: url.slice(start, end), target: normalizeTarget(url.slice(end)) };
}
