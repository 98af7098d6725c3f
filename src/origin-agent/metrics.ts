/**
 * Prometheus metrics of the pods on this machine. The queue-proxies count in plain numbers; this reads them when somebody
 * asks. A pod that is forgotten takes its series with it, so labels stay bounded by the pods that there are.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import { listen } from "./listen.ts";
import type { Pod } from "./pod.ts";
import { DURATION_BOUNDS_MS, RESPONSE_CLASSES } from "./queue-proxy/request-meter.ts";

const EVENT_LOOP_PRECISION_MS = 10_000;

const POD_LABELS = ["namespace", "service", "revision", "pod"] as const;

export class MetricsServer {
  readonly #registry = new Registry();
  readonly #server: Server;

  constructor(pods: () => Iterable<Pod>, isConnected: () => boolean) {
    const registers = [this.#registry];
    // The event loop is sampled every 10 ms by default, which alone kept an idle agent at 0.2 % of a core.
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: EVENT_LOOP_PRECISION_MS });
    gauge(registers, "rouse_agent_connected", "1 while the link to the edge is open.", [], (metric) =>
      metric.set(isConnected() ? 1 : 0),
    );
    gauge(
      registers,
      "rouse_pods",
      "Pods by phase, ended ones included until the edge drops them.",
      ["phase"],
      (metric) => {
        for (const pod of pods()) metric.inc({ phase: pod.phase });
      },
    );
    gauge(
      registers,
      "rouse_pod_in_flight",
      "Requests and upgraded sockets, waiting ones too.",
      POD_LABELS,
      (metric) => {
        for (const pod of pods()) metric.set(labelsOf(pod), pod.proxy.inFlight);
      },
    );
    gauge(registers, "rouse_pod_queue_depth", "Requests that wait for a slot of the pod.", POD_LABELS, (metric) => {
      for (const pod of pods()) metric.set(labelsOf(pod), pod.proxy.queueDepth);
    });
    requestCounter(registers, pods);
    // The registry asks a metric for its name and values; the type wants one of the library's own classes.
    this.#registry.registerMetric(durationHistogram(pods) as unknown as Gauge);
    this.#server = createServer((request, response) => this.#serve(request, response));
  }

  /** @param port 0 = any free one. @returns the port */
  listen(host: string, port: number): Promise<number> {
    return listen(this.#server, host, port, "--metrics-port");
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    if (request.url?.split("?")[0] !== "/metrics") {
      response.writeHead(404, { "content-type": "text/plain" }).end("metrics are at /metrics\n");
      return;
    }
    this.#registry.metrics().then(
      (text) => response.writeHead(200, { "content-type": this.#registry.contentType }).end(text),
      (error: unknown) => response.writeHead(500).end(`${String(error)}\n`),
    );
  }
}

function gauge(
  registers: Registry[],
  name: string,
  help: string,
  labelNames: readonly string[],
  read: (metric: Gauge) => void,
): void {
  new Gauge({
    name,
    help,
    labelNames: [...labelNames],
    registers,
    collect() {
      this.reset();
      read(this);
    },
  });
}

function requestCounter(registers: Registry[], pods: () => Iterable<Pod>): void {
  new Counter({
    name: "rouse_pod_requests_total",
    help: "Requests that ended, by class of the answer; aborted = the client went away before there was one.",
    labelNames: [...POD_LABELS, "class"],
    registers,
    collect() {
      this.reset();
      for (const pod of pods()) {
        for (const [index, name] of RESPONSE_CLASSES.entries()) {
          const count = pod.proxy.meter.byClass[index] ?? 0;
          if (count > 0) this.inc({ ...labelsOf(pod), class: name }, count);
        }
      }
    },
  });
}

/**
 * A histogram that is read instead of observed: prom-client's own takes a microsecond per request to find its labels.
 * It has the shape that a Registry asks of a metric (`name` and `get`).
 */
function durationHistogram(pods: () => Iterable<Pod>) {
  const name = "rouse_pod_request_duration_seconds";
  return {
    name,
    async get() {
      const values: { metricName: string; labels: Record<string, string | number>; value: number }[] = [];
      for (const pod of pods()) {
        const labels = labelsOf(pod);
        const { byDuration, durationSumMs } = pod.proxy.meter;
        let count = 0;
        for (const [index, inBucket] of byDuration.entries()) {
          count += inBucket;
          const boundMs = DURATION_BOUNDS_MS[index];
          const le = boundMs === undefined ? "+Inf" : String(boundMs / 1_000);
          values.push({ metricName: `${name}_bucket`, labels: { ...labels, le }, value: count });
        }
        values.push({ metricName: `${name}_sum`, labels, value: durationSumMs / 1_000 });
        values.push({ metricName: `${name}_count`, labels, value: count });
      }
      const help = "From the arrival of a request at the queue-proxy to its end.";
      return { name, help, type: "histogram", values, aggregator: "sum" };
    },
  };
}

function labelsOf(pod: Pod): Record<(typeof POD_LABELS)[number], string> {
  const { namespace, service, revision } = pod.order.template;
  return { namespace, service, revision, pod: pod.order.podId };
}
