/**
 * "May I?" and "who am I?" (`kubectl auth can-i`, `kubectl auth whoami`): whoever has the token may do everything that is
 * served at all.
 */
import { Hono } from "hono";
import { failure } from "../../core/resource/api-status.ts";
import { isJsonObject } from "../../core/resource/json.ts";
import { type ApiContext, answerStatus, notAllowed } from "./answers.ts";
import { readBody } from "./body.ts";
import type { ApiEnvironment } from "./environment.ts";

const AUTHORIZATION = "authorization.k8s.io";
const AUTHENTICATION = "authentication.k8s.io";

/** For discovery; all are of version v1 and can be created only, since nothing of them is kept. */
export const REVIEW_GROUPS = [
  { group: AUTHORIZATION, kinds: ["SelfSubjectAccessReview", "SelfSubjectRulesReview"] },
  { group: AUTHENTICATION, kinds: ["SelfSubjectReview"] },
] as const;

export function reviewRoutes(): Hono<ApiEnvironment> {
  const app = new Hono<ApiEnvironment>();
  for (const { group, kinds } of REVIEW_GROUPS) {
    for (const kind of kinds) {
      app.all(`/apis/${group}/v1/${kind.toLowerCase()}s`, (c) => answerReview(c, `${group}/v1`, kind));
    }
  }
  return app;
}

async function answerReview(c: ApiContext, apiVersion: string, kind: keyof typeof STATUS): Promise<Response> {
  if (c.req.method !== "POST") return notAllowed(["POST"]);
  const body = await readBody(c.req.raw);
  if (!body.ok) return answerStatus(body.status);
  if (!isJsonObject(body.value)) return answerStatus(failure("BadRequest", `the body must be a ${kind}`));
  const { spec = {} } = body.value;
  const status = STATUS[kind](c);
  return c.json({ kind, apiVersion, metadata: { creationTimestamp: null }, spec, status }, 201);
}

const STATUS = {
  SelfSubjectAccessReview: () => ({ allowed: true }),
  SelfSubjectRulesReview: () => ({
    resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }],
    nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
    incomplete: false,
  }),
  SelfSubjectReview: (c: ApiContext) => ({
    userInfo: { username: c.get("user").name, groups: ["system:authenticated"] },
  }),
};
