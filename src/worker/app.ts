/**
 * The edge's Hono application: control host → API and page, agent links; every other host → data plane.
 */
import { type Context, Hono } from "hono";
import { isControlHost, normalizeHost } from "../core/routing/host.ts";
import { type AgentLinkEnv, openAgentLink } from "./agent-link.ts";
import { type ApiEnv, createApi } from "./api/api.ts";
import { problem } from "./gateway/answers.ts";
import type { GatewayEnv } from "./gateway/env.ts";
import { serve } from "./gateway/gateway.ts";

export type Env = GatewayEnv &
  ApiEnv &
  AgentLinkEnv & {
    /** "" locally: the loopback names are the control host. */
    readonly CONTROL_HOST: string;
  };

export function createApp(): Hono<{ Bindings: Env }> {
  const control = new Hono<{ Bindings: Env }>();
  control.get("/rouse/v1/agents/:uid/link", openAgentLink);
  control.route("/", createApi());

  const app = new Hono<{ Bindings: Env }>();
  // One handler and no middleware: Hono calls it without composing a chain, which is what the data plane pays.
  app.all("*", (c) => dispatch(c, control));
  return app;
}

function dispatch(c: Context<{ Bindings: Env }>, control: Hono<{ Bindings: Env }>): Response | Promise<Response> {
  const request = c.req.raw;
  const { proto, authority, target } = splitUrl(request.url);
  const host = normalizeHost(authority);
  if (isControlHost(host ?? authority, c.env.CONTROL_HOST)) return control.fetch(request, c.env, c.executionCtx);
  if (host === null) return problem("HOST_INVALID", "the Host header is not a valid DNS name");
  return serve({ request, host, authority, target, proto }, c.env, c.executionCtx);
}

/** The parts of an absolute URL without the cost of `new URL`, and without its rewriting of the path. */
function splitUrl(url: string): { proto: "http" | "https"; authority: string; target: string } {
  const proto = url.startsWith("https:") ? "https" : "http";
  const start = proto.length + 3;
  const end = url.indexOf("/", start);
  if (end === -1) return { proto, authority: url.slice(start), target: "/" };
  return { proto, authority: url.slice(start, end), target: url.slice(end) };
}
