/** The API server of the control host: authentication in front, then discovery, objects, agents and the status page. */
import { Hono } from "hono";
import { failure, unknownPath } from "../../core/resource/api-status.ts";
import { authenticate, bearerToken, splitTokenPrefix } from "../auth.ts";
import { statusPage } from "../page/status-page.ts";
import { reviewRoutes } from "./access-review.ts";
import { agentRoutes, JOIN_PATH } from "./agents.ts";
import { answerStatus } from "./answers.ts";
import { dataPlaneRoutes } from "./data-plane.ts";
import { discoveryRoutes } from "./discovery.ts";
import type { ApiEnv, ApiEnvironment } from "./environment.ts";
import { ingressGatewayRoutes } from "./ingress-gateway.ts";
import { objectRoutes } from "./objects.ts";
import { openApiRoutes } from "./openapi.ts";

export type { ApiEnv };

const HEALTH_PATHS = ["/healthz", "/livez", "/readyz"];
/** Paths that say nothing about the installation, or carry their own credential. */
const OPEN_PATHS: ReadonlySet<string> = new Set(["/", ...HEALTH_PATHS, JOIN_PATH]);

/** The API as an app to mount at the root of the control host. */
export function createApi(): Hono<ApiEnvironment> {
  const api = createRoutes();
  // A mounted app loses its own getPath, which takes the token prefix off; called as a whole it keeps it.
  return new Hono<ApiEnvironment>().all("*", (c) => api.fetch(c.req.raw, c.env, c.executionCtx));
}

function createRoutes(): Hono<ApiEnvironment> {
  const api = new Hono<ApiEnvironment>({
    getPath: (request) => splitTokenPrefix(new URL(request.url).pathname).pathname,
  });
  api.use(async (c, next) => {
    if (OPEN_PATHS.has(c.req.path)) return next();
    const token = c.env.PATH_TOKENS === "1" ? splitTokenPrefix(new URL(c.req.url).pathname).token : null;
    const user = await authenticate(bearerToken(c.req.header("authorization") ?? null) ?? token, c.env);
    if (user === null) return answerStatus(failure("Unauthorized", "Unauthorized: the token is missing or wrong"));
    c.set("user", user);
    return next();
  });
  api.on("GET", HEALTH_PATHS, (c) => c.text("ok"));
  api.get("/", () => statusPage());
  api.route("/", discoveryRoutes());
  api.route("/", agentRoutes());
  api.route("/", dataPlaneRoutes());
  api.route("/", openApiRoutes());
  api.route("/", reviewRoutes());
  api.route("/", ingressGatewayRoutes());
  api.route("/", objectRoutes());
  api.notFound(() => answerStatus(unknownPath()));
  api.onError((error, c) => {
    console.error("api:", error);
    return isUnreachable(error)
      ? answerUnreachable(c.req.method)
      : answerStatus(failure("InternalError", "an internal error occurred; the log of the edge has the details"));
  });
  return api;
}

/**
 * An object was reset under the call (a deploy, a crash), or has more to do than it can.
 * https://developers.cloudflare.com/durable-objects/best-practices/error-handling/
 */
function isUnreachable(error: PlatformError): boolean {
  return error.durableObjectReset === true || error.retryable === true || error.overloaded === true;
}

type PlatformError = Error & {
  readonly durableObjectReset?: boolean;
  readonly retryable?: boolean;
  readonly overloaded?: boolean;
};

/** Go clients repeat what comes with Retry-After, whatever its method: a create that was carried out must not be. */
function answerUnreachable(method: string): Response {
  const message = "the control plane did not answer; whether a change was made is not known: read it, then try again";
  const response = answerStatus(failure("ServiceUnavailable", message));
  if (method === "GET" || method === "HEAD") response.headers.set("retry-after", "1");
  return response;
}
