/** What goes wrong is said at once, to the client that waits and in the conditions. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { app, hostOf, QUICK_AUTOSCALER } from "./fixtures/services.ts";
import { dataPlane, waitForZero } from "./harness/data-plane.ts";
import { type Rouse, startRouse } from "./harness/rouse.ts";
import { openStream } from "./harness/stream.ts";
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

async function conditionOf(name: string, type: string, kind = "revisions"): Promise<Condition | undefined> {
  const object = kind === "revisions" ? `${name}-00001` : name;
  const answer = await rouse.api(`/apis/serving.knative.dev/v1/namespaces/default/${kind}/${object}`);
  const { status } = answer.body as { status?: { conditions?: Condition[] } };
  return status?.conditions?.find((condition) => condition.type === type);
}

function failedCondition(name: string, type: string, kind?: string): Promise<Condition> {
  return until(
    `${type} False`,
    async () => {
      const condition = await conditionOf(name, type, kind);
      return condition?.status === "False" ? condition : null;
    },
    { timeoutMs: 20_000 },
  );
}

describe("a new revision that cannot start", () => {
  it("is failed with the exit code and the last log lines when it crashes", async () => {
    await rouse.apply(app("crash", { env: { EXIT_CODE: "7" } }));
    const condition = await failedCondition("crash", "ContainerHealthy");
    expect(condition.reason).toBe("ExitCode7");
    expect(condition.message).toContain("fatal: the database is not there");
    expect((await failedCondition("crash", "Ready", "services")).reason).toBe("RevisionFailed");
  });

  it("is failed with a remedy when its command does not exist", async () => {
    await rouse.apply(app("nocommand", { command: ["/no/such/program"] }));
    const condition = await failedCondition("nocommand", "Ready");
    expect(condition.message).toContain("/no/such/program");
  });

  it("is failed when its probe does not succeed within the progress deadline", async () => {
    const annotations = { "serving.knative.dev/progress-deadline": "3s" };
    await rouse.apply(app("neverready", { env: { NEVER_LISTEN: "1" }, annotations }));
    const condition = await failedCondition("neverready", "ResourcesAvailable");
    expect(condition.reason).toBe("ProgressDeadlineExceeded");
    expect(condition.message).toContain("still thinking");
  });
});

describe("a service that worked and now cannot start", () => {
  it("answers held requests with 503 and the reason as soon as it is known, and works again when it can", async () => {
    const { writeFileSync, rmSync } = await import("node:fs");
    const { join } = await import("node:path");
    const broken = join(rouse.stateDir, "broken");
    const script = `if [ -e ${broken} ]; then echo "disk is full"; exit 3; fi; exec node test/e2e/fixtures/app.js`;
    await rouse.apply(app("flaky", { command: ["/bin/sh", "-c", script] }));
    await rouse.waitReady("flaky");
    await waitForZero(rouse, "flaky");
    writeFileSync(broken, "");
    const answers = await Promise.all([1, 2, 3].map(() => rouse.request(hostOf("flaky"), "/")));
    for (const answer of answers) {
      expect(answer.status).toBe(503);
      expect(answer.headers["cache-control"]).toBe("no-store");
      expect(answer.headers["retry-after"]).toBeDefined();
      const problem = JSON.parse(answer.body) as { code: string; detail: string };
      expect(problem.code).toBe("START_FAILED");
      expect(problem.detail).toContain("disk is full");
      expect(answer.tookMs).toBeLessThan(10_000);
    }
    expect((await failedCondition("flaky", "ContainerHealthy")).reason).toBe("ExitCode3");
    rmSync(broken);
    const answer = await until(
      "an answer",
      async () => {
        const next = await rouse.request(hostOf("flaky"), "/");
        return next.status === 200 ? next : null;
      },
      { timeoutMs: 30_000, everyMs: 500 },
    );
    expect(answer.body).toContain("hello from flaky-00001");
    await until("ContainerHealthy True", async () =>
      (await conditionOf("flaky", "ContainerHealthy"))?.status === "True" ? true : null,
    );
  });
});

describe("requests that end early", () => {
  it("get 504 when the revision's timeout passes before a pod is ready", async () => {
    await rouse.apply(app("slowpoke", { timeoutSeconds: 2, env: { START_DELAY_MS: "4000" } }));
    await rouse.waitReady("slowpoke");
    await waitForZero(rouse, "slowpoke");
    const answer = await rouse.request(hostOf("slowpoke"), "/");
    expect([answer.status, answer.body]).toEqual([504, "activator request timeout"]);
    expect(answer.tookMs).toBeGreaterThan(1_900);
    expect((await dataPlane(rouse, "slowpoke")).held).toBe(0);
  });

  it("free their place at once when the client resets", async () => {
    await rouse.apply(app("patience", { env: { START_DELAY_MS: "3000" } }));
    await rouse.waitReady("patience");
    await waitForZero(rouse, "patience");
    const streams = Array.from({ length: 20 }, () => openStream(rouse.port, hostOf("patience"), "/"));
    for (const stream of streams) stream.request.end();
    await until("20 held", async () => ((await dataPlane(rouse, "patience")).held === 20 ? true : null));
    for (const stream of streams) {
      stream.request.on("error", () => undefined);
      stream.request.socket?.resetAndDestroy();
    }
    await until("none held", async () => ((await dataPlane(rouse, "patience")).held === 0 ? true : null), {
      timeoutMs: 2_000,
    });
  });
});
