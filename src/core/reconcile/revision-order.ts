/** Revision → what its Revision object and the agents need to know, with every default resolved. */
import { deriveScaling } from "../autoscaler/annotations.ts";
import type { AutoscalerConfig } from "../config/autoscaler-config.ts";
import { parseDurationMs } from "../duration.ts";
import type { RevisionOrder } from "../protocol/objects.ts";
import type { PodTemplate, Probe } from "../protocol/pod.ts";
import {
  ANNOTATION_DRIVER,
  ANNOTATION_PROGRESS_DEADLINE,
  LABEL_CONFIGURATION,
  LABEL_SERVICE,
} from "../resource/annotations.ts";
import { DEFAULT_TIMEOUT_SEC } from "../resource/defaults.ts";
import type { Container, ContainerProbe } from "../resource/pod-spec.ts";
import type { Revision } from "../resource/serving.ts";
import type { OrderDraft } from "./observed.ts";

export const DEFAULT_CONTAINER_PORT = 8080;
/** config-deployment's default progress-deadline. */
export const DEFAULT_PROGRESS_DEADLINE_SEC = 600;

export function makeOrder(
  revision: Revision,
  reachability: RevisionOrder["reachability"],
  config: AutoscalerConfig,
): OrderDraft {
  const template = makePodTemplate(revision);
  const { containerConcurrency, progressDeadlineSec } = template;
  const annotations = revision.metadata.annotations ?? {};
  return {
    revisionUid: revision.metadata.uid,
    template,
    scaling: deriveScaling(annotations, containerConcurrency, config, progressDeadlineSec * 1000),
    reachability,
  };
}

/** What to run. Validation has refused everything that this cannot express. */
export function makePodTemplate(revision: Revision): PodTemplate {
  const { metadata, spec } = revision;
  const container = spec.containers[0] ?? {};
  const port = container.ports?.[0];
  return {
    namespace: metadata.namespace ?? "",
    service: metadata.labels?.[LABEL_SERVICE] ?? "",
    configuration: metadata.labels?.[LABEL_CONFIGURATION] ?? "",
    revision: metadata.name,
    driver: metadata.annotations?.[ANNOTATION_DRIVER] ?? "auto",
    image: container.image ?? "",
    command: container.command ?? [],
    args: container.args ?? [],
    ...(container.workingDir ? { workingDir: container.workingDir } : {}),
    env: (container.env ?? []).map(({ name, value = "" }) => ({ name, value })),
    containerPort: port?.containerPort || DEFAULT_CONTAINER_PORT,
    protocol: port?.name === "h2c" ? "h2c" : "http1",
    containerConcurrency: spec.containerConcurrency ?? 0,
    timeoutSec: spec.timeoutSeconds || DEFAULT_TIMEOUT_SEC,
    responseStartTimeoutSec: spec.responseStartTimeoutSeconds ?? 0,
    idleTimeoutSec: spec.idleTimeoutSeconds ?? 0,
    readinessProbe: makeProbe(container),
    progressDeadlineSec: parseProgressDeadlineSec(metadata.annotations?.[ANNOTATION_PROGRESS_DEADLINE]),
  };
}

function makeProbe({ readinessProbe = {} }: Container): Probe {
  const periodSec = readinessProbe.periodSeconds ?? 0;
  return {
    handler: makeHandler(readinessProbe),
    periodSec,
    timeoutSec: readinessProbe.timeoutSeconds || 1,
    successThreshold: readinessProbe.successThreshold || 1,
    failureThreshold: readinessProbe.failureThreshold || 3,
    initialDelaySec: readinessProbe.initialDelaySeconds ?? 0,
  };
}

function makeHandler({ httpGet }: ContainerProbe): Probe["handler"] {
  if (httpGet === undefined) return { type: "tcp" };
  const headers = (httpGet.httpHeaders ?? []).map(({ name, value }) => ({ name, value }));
  return { type: "http", path: httpGet.path || "/", headers };
}

function parseProgressDeadlineSec(text: string | undefined): number {
  const durationMs = text === undefined ? null : parseDurationMs(text);
  return durationMs === null || durationMs <= 0 ? DEFAULT_PROGRESS_DEADLINE_SEC : durationMs / 1000;
}
