/** Where the environment of pods comes from, and what a template may not ask of a process. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { app, hostOf, QUICK_AUTOSCALER } from "./fixtures/services.ts";
import { waitForZero } from "./harness/data-plane.ts";
import { type Rouse, startRouse } from "./harness/rouse.ts";
import { until } from "./harness/until.ts";

let rouse: Rouse;

beforeAll(async () => {
  rouse = await startRouse();
  await rouse.apply(QUICK_AUTOSCALER);
});
afterAll(async () => {
  await rouse.stop();
});

type Condition = { type: string; status: string; reason?: string; message?: string };

async function readyOf(revision: string): Promise<Condition | undefined> {
  const answer = await rouse.api(`/apis/serving.knative.dev/v1/namespaces/default/revisions/${revision}`);
  const { status } = answer.body as { status?: { conditions?: Condition[] } };
  return status?.conditions?.find(({ type }) => type === "Ready");
}

function failureOf(revision: string): Promise<Condition> {
  return until(`${revision} failed`, async () => {
    const ready = await readyOf(revision);
    return ready?.status === "False" ? ready : null;
  });
}

/** A Service whose only container has more fields. */
function withContainer(name: string, container: object, spec: object = {}) {
  const made = app(name);
  const [first] = made.spec.template.spec.containers;
  Object.assign(made.spec.template.spec, spec, { containers: [{ ...first, ...container }] });
  return made;
}

const SECRET_TEXT = "correct horse battery staple";
const colors = (color: string) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "colors", namespace: "default" },
  data: { COLOR: color },
});
const KEYS = {
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "keys", namespace: "default" },
  stringData: { TOKEN: SECRET_TEXT },
};
const PRINT_ENV = `require("http").createServer((_, res) => res.end(JSON.stringify(process.env))).listen(process.env.PORT, "127.0.0.1")`;

describe("an environment from a ConfigMap and a Secret", () => {
  const body = async () => {
    const answer = await rouse.request(hostOf("envy"), "/");
    return JSON.parse(answer.body.toString()) as Record<string, string>;
  };

  it("is waited for, and what is missing is told", async () => {
    const env = [
      { name: "TOKEN", valueFrom: { secretKeyRef: { name: "keys", key: "TOKEN" } } },
      { name: "GREETING", value: "in $(P_COLOR)" },
    ];
    const envFrom = [{ prefix: "P_", configMapRef: { name: "colors" } }];
    await rouse.apply(withContainer("envy", { command: ["node", "-e", PRINT_ENV], env, envFrom }));
    expect(await failureOf("envy-00001")).toMatchObject({
      reason: "CreateContainerConfigError",
      message: 'configmap "colors" not found',
    });
    await rouse.apply(colors("blue"));
    await rouse.apply(KEYS);
    await until("envy is ready", async () => ((await readyOf("envy-00001"))?.status === "True" ? true : null));
    await rouse.waitReady("envy");
    expect(await body()).toMatchObject({ TOKEN: SECRET_TEXT, P_COLOR: "blue", GREETING: "in blue" });
  });

  it("changes with its sources for pods that start later, and shows no secret", async () => {
    await rouse.apply(colors("green"));
    await waitForZero(rouse, "envy");
    expect(await body()).toMatchObject({ TOKEN: SECRET_TEXT, P_COLOR: "green", GREETING: "in green" });
    const pods = await rouse.api("/api/v1/namespaces/default/pods");
    expect(JSON.stringify(pods.body)).not.toContain(SECRET_TEXT);
    expect(rouse.output()).not.toContain(SECRET_TEXT);
  });
});

it("a template that asks more than a process can do fails by the name of the field", async () => {
  const mounts = { volumeMounts: [{ name: "tmp", mountPath: "/data" }] };
  await rouse.apply(withContainer("voly", mounts, { volumes: [{ name: "tmp", emptyDir: {} }] }));
  const failure = await failureOf("voly-00001");
  expect(failure.reason).toBe("FeatureUnsupported");
  expect(failure.message).toContain("spec.template.spec.containers[0].volumeMounts[0]");
});
