/**
 * The origin agent put together: link, reconciler, drivers, data server, metrics. It can run as a process (main.ts) or
 * inside a test.
 */
import { randomUUID } from "node:crypto";
import { EventEmitter } from "node:events";
import { availableParallelism, totalmem } from "node:os";
import type { Logger } from "pino";
import {
  CLOSE_STOPPING,
  type HelloFrame,
  LINK_VERSION,
  type RefuseFrame,
  type WelcomeFrame,
} from "../core/protocol/agent-link.ts";
import type { Driver } from "./drivers/driver.ts";
import { ProcessDriver } from "./drivers/process/process-driver.ts";
import { EdgeClock } from "./edge-clock.ts";
import { Link } from "./link.ts";
import { MetricsServer } from "./metrics.ts";
import type { Pod } from "./pod.ts";
import { DataServer } from "./queue-proxy/data-server.ts";
import { Grants } from "./queue-proxy/grants.ts";
import { Reconciler } from "./reconciler.ts";
import { StateFile } from "./state-file.ts";
import { machineId, systemOf } from "./system.ts";

const STATS_INTERVAL_MS = 1_000;
/** From SIGTERM to SIGKILL for pods when the agent itself stops: whoever stops it waits. */
const AGENT_STOP_GRACE_MS = 5_000;

export type AgentOptions = {
  /** Base URL of the edge's control host. */
  readonly edge: string;
  readonly agentUid: string;
  readonly name: string;
  readonly credential: string;
  readonly stateDir: string;
  readonly workDir: string;
  /** Address that the data and metrics servers listen on. */
  readonly host: string;
  /** 0 = any free one, for both. */
  readonly dataPort: number;
  readonly metricsPort: number;
  /** As the edge reaches the data server; default: http://<host>:<data port>. */
  readonly dataUrl?: string;
  /** Drivers to offer, the default first. */
  readonly drivers: readonly string[];
  readonly maxPods: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly log: Logger;
};

type AgentEvents = {
  /** The edge has welcomed the agent; again after each reconnection. */
  connected: [];
  disconnected: [];
  /** The edge will not have this agent; its pods go on. */
  refused: [RefuseFrame];
};

/** Starts an agent. Resolves when it listens; the link is opened in the background. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const stateFile = new StateFile(options.stateDir);
  const drivers: Driver[] = [];
  for (const name of options.drivers) drivers.push(await openDriver(name, options));
  const agent = new Agent(options, stateFile, drivers);
  await agent.begin();
  return agent;
}

async function openDriver(name: string, options: AgentOptions): Promise<Driver> {
  const { stateDir, workDir, agentUid, log } = options;
  if (name === "process") return await ProcessDriver.open({ stateDir, workDir, agentUid, log });
  throw new Error(`--drivers: "${name}" is not a driver of this agent; use process`);
}

export class Agent extends EventEmitter<AgentEvents> {
  readonly #options: AgentOptions;
  readonly #stateFile: StateFile;
  readonly #drivers: readonly Driver[];
  readonly #bootId = randomUUID();
  readonly #clock = new EdgeClock();
  readonly #grants = new Grants();
  readonly #reconciler: Reconciler;
  readonly #dataServer: DataServer;
  readonly #metricsServer: MetricsServer;
  readonly #link: Link;
  readonly #changed = new Set<Pod>();
  #statsTimer: NodeJS.Timeout | null = null;
  #dataPort = 0;
  #metricsPort = 0;
  #closing: Promise<void> | null = null;

  constructor(options: AgentOptions, stateFile: StateFile, drivers: readonly Driver[]) {
    super();
    const { log } = options;
    this.#options = options;
    this.#stateFile = stateFile;
    this.#drivers = drivers;
    this.#reconciler = new Reconciler({ drivers, stateFile, log, onChange: (pod) => this.#podChanged(pod) });
    this.#dataServer = new DataServer(this.#reconciler.proxies, this.#grants, this.#clock);
    this.#metricsServer = new MetricsServer(
      () => this.#reconciler.pods,
      () => this.#link.isConnected,
    );
    this.#link = new Link(
      options.edge,
      options.agentUid,
      options.credential,
      {
        hello: () => this.#hello(),
        welcome: (frame) => this.#welcomed(frame),
        desired: (frame, receivedAtMs) => this.#reconciler.apply(frame, receivedAtMs),
        disconnected: () => this.emit("disconnected"),
        refused: (frame) => this.emit("refused", frame),
      },
      log,
    );
  }

  get dataPort(): number {
    return this.#dataPort;
  }
  get metricsPort(): number {
    return this.#metricsPort;
  }
  /** Base of the data plane as the edge reaches it. */
  get dataUrl(): string {
    const { dataUrl, host } = this.#options;
    return dataUrl?.replace(/\/+$/, "") ?? `http://${host.includes(":") ? `[${host}]` : host}:${this.#dataPort}`;
  }

  async begin(): Promise<void> {
    const { host, dataPort, metricsPort } = this.#options;
    await this.#reconciler.adopt();
    this.#dataPort = await this.#dataServer.listen(host, dataPort);
    this.#metricsPort = await this.#metricsServer.listen(host, metricsPort);
    this.#statsTimer = setInterval(() => this.#sendStats(), STATS_INTERVAL_MS);
    this.#link.open();
  }

  /** @param stopPods false = they go on and the next agent with this state folder adopts them */
  close({ stopPods }: { stopPods: boolean }): Promise<void> {
    this.#closing ??= this.#close(stopPods);
    return this.#closing;
  }

  async #close(stopPods: boolean): Promise<void> {
    if (this.#statsTimer !== null) clearInterval(this.#statsTimer);
    // The link goes first: the edge must not send replacements to an agent that is about to end.
    const goodbye = this.#link.close(stopPods ? CLOSE_STOPPING : undefined);
    if (stopPods) await this.#reconciler.stopAll(AGENT_STOP_GRACE_MS);
    else this.#reconciler.leaveAll();
    await Promise.all([this.#dataServer.close(), this.#metricsServer.close()]);
    for (const driver of this.#drivers) await driver.close();
    await goodbye;
    this.#stateFile.unlock();
  }

  #hello(): HelloFrame {
    const { agentUid, name, labels, maxPods } = this.#options;
    this.#changed.clear();
    return {
      type: "hello",
      version: LINK_VERSION,
      agentUid,
      name,
      bootId: this.#bootId,
      machineId: machineId(),
      system: systemOf(),
      labels: labels ?? {},
      capacity: { pods: maxPods, cpuMillis: availableParallelism() * 1_000, memoryBytes: totalmem() },
      drivers: this.#drivers.map((driver) => driver.name),
      dataUrl: this.dataUrl,
      clockMs: Date.now(),
      ...this.#reconciler.state,
      pods: this.#reconciler.statuses(),
    };
  }

  #welcomed(frame: WelcomeFrame): void {
    this.#clock.set(frame.clockMs);
    this.#grants.setKeys(frame.keys);
    this.#options.log.info({ controlPlaneId: frame.controlPlaneId }, "connected to the edge");
    // What changed between hello and welcome.
    this.#sendChanged();
    this.emit("connected");
  }

  /** Changes of one turn of the event loop go out in one frame. */
  #podChanged(pod: Pod): void {
    if (this.#changed.size === 0) queueMicrotask(() => this.#sendChanged());
    this.#changed.add(pod);
  }

  #sendChanged(): void {
    if (this.#changed.size === 0 || !this.#link.isConnected) return;
    const pods = [...this.#changed].map((pod) => pod.status());
    this.#changed.clear();
    this.#link.send({ type: "status", generation: this.#reconciler.state.generation, pods });
  }

  #sendStats(): void {
    const pods = this.#reconciler.stats(performance.now());
    if (pods.length > 0) this.#link.send({ type: "stats", measuredAtMs: this.#clock.nowMs(), pods });
  }
}
