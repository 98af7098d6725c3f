/** An agent in this process against a fake edge, in a temporary folder, and requests to its data plane. */
import { mkdtemp, rm } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { GRANT_HEADER } from "../../src/core/protocol/headers.ts";
import type { DesiredPod, PodTemplate } from "../../src/core/protocol/pod.ts";
import { type Agent, type AgentOptions, startAgent } from "../../src/origin-agent/agent.ts";
import { FakeEdge } from "./fake-edge.ts";

export const APP = join(import.meta.dirname, "fixtures", "app.mjs");

export type Harness = {
  readonly edge: FakeEdge;
  readonly agent: Agent;
  readonly stateDir: string;
  [Symbol.asyncDispose](): Promise<void>;
};

/** An agent that the edge has welcomed. Disposing stops it with its pods. */
export async function startHarness(overrides: Partial<AgentOptions> = {}): Promise<Harness> {
  const edge = await FakeEdge.listen();
  const stateDir = await mkdtemp(join(tmpdir(), "rouse-agent-"));
  const agent = await startAgent({ ...agentOptions(edge, stateDir), ...overrides });
  await edge.until("the first hello", () => edge.hellos.length > 0);
  return {
    edge,
    agent,
    stateDir,
    async [Symbol.asyncDispose]() {
      await agent.close({ stopPods: true });
      await edge.close();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

export function agentOptions(edge: FakeEdge, stateDir: string): AgentOptions {
  return {
    edge: edge.url,
    agentUid: "agent-1",
    name: "test-machine",
    credential: "the-credential",
    stateDir,
    workDir: tmpdir(),
    host: "127.0.0.1",
    dataPort: 0,
    metricsPort: 0,
    drivers: ["process"],
    maxPods: 10,
    log: pino({ level: "silent" }),
  };
}

export function desiredPod(podId: string, template: Partial<PodTemplate> = {}): DesiredPod {
  return {
    podId,
    revisionUid: "revision-1",
    wanted: "running",
    drainLimitMs: null,
    template: {
      namespace: "default",
      service: "hello",
      configuration: "hello",
      revision: "hello-00001",
      driver: "auto",
      image: "",
      command: [process.execPath, APP],
      args: [],
      env: [],
      containerPort: 8080,
      protocol: "http1",
      containerConcurrency: 0,
      timeoutSec: 10,
      responseStartTimeoutSec: 0,
      idleTimeoutSec: 0,
      readinessProbe: {
        handler: { type: "tcp" },
        periodSec: 0,
        timeoutSec: 0,
        successThreshold: 1,
        failureThreshold: 3,
        initialDelaySec: 0,
      },
      progressDeadlineSec: 10,
      ...template,
    },
  };
}

export function retiring(pod: DesiredPod, drainLimitMs: number | null = null): DesiredPod {
  return { ...pod, wanted: "retiring", drainLimitMs };
}

/** Starts the pod and waits until it is ready. */
export async function startPod({ edge }: Harness, pod: DesiredPod): Promise<void> {
  edge.desire(pod);
  await edge.untilPhase(pod.podId, "ready");
}

export type Answer = { readonly status: number; readonly headers: IncomingMessage["headers"]; readonly body: string };

export type CallOptions = {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
  readonly grant?: string;
  readonly signal?: AbortSignal;
};

/** A request through the agent's data port, with a valid grant unless one is given. */
export async function call(harness: Harness, podId: string, path: string, options: CallOptions = {}): Promise<Answer> {
  const response = await open(harness, podId, path, options);
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: Buffer.concat(chunks).toString("utf8"),
  };
}

/** The same, resolved at the head of the answer. */
export function open(
  { edge, agent }: Harness,
  podId: string,
  path: string,
  { method = "GET", headers = {}, body, grant, signal }: CallOptions = {},
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: "127.0.0.1",
      port: agent.dataPort,
      method,
      path: `/${podId}${path}`,
      headers: { ...headers, [GRANT_HEADER]: grant ?? edge.grant(podId) },
      agent: false,
      ...(signal !== undefined && { signal }),
    });
    outgoing.on("response", resolve);
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
