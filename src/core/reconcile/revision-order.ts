/** Revision → what its Revision object and the agents need to know, with every default resolved. */
import { deriveScaling } from "../autoscaler/annotations.ts";
import type { AutoscalerConfig } from "../config/autoscaler-config.ts";
import type { RevisionOrder } from "../protocol/objects.ts";
import type { PodTemplate, Probe } from "../protocol/pod.ts";
import { ANNOTATION_DRIVER, LABEL_CONFIGURATION, LABEL_SERVICE } from "../resource/annotations.ts";
import type { Container, ContainerProbe } from "../resource/container.ts";
import { DEFAULT_TIMEOUT_SEC } from "../resource/defaults.ts";
import { PROGRESS_DEADLINE_KEYS, readDurationMs } from "../resource/duration-annotation.ts";
import { servingContainerIndex } from "../resource/pod-spec.ts";
import type { Revision } from "../resource/serving.ts";
import type { ContainerEnv } from "./env-sources.ts";
import type { OrderDraft } from "./observed.ts";
import { DEFAULT_CONTAINER_PORT, podFeatures } from "./pod-features.ts";

/** config-deployment's default progress-deadline. */
export const DEFAULT_PROGRESS_DEADLINE_SEC = 600;

export function makeOrder(
  revision: Revision,
  env: ContainerEnv,
  reachability: RevisionOrder["reachability"],
  config: AutoscalerConfig,
): OrderDraft {
  const template = makePodTemplate(revision, env);
  const { containerConcurrency, progressDeadlineSec } = template;
  const annotations = revision.metadata.annotations ?? {};
  return {
    revisionUid: revision.metadata.uid,
    template,
    scaling: deriveScaling(annotations, containerConcurrency, config, progressDeadlineSec * 1000),
    reachability,
  };
}

/** The container that takes the requests; validation has refused a revision without one. */
export function servingContainer({ spec }: Revision): Container {
  return spec.containers[servingContainerIndex(spec.containers)] ?? {};
}

/** What to run: the container that takes the requests, and in `features` what is asked for besides. */
export function makePodTemplate(revision: Revision, env: ContainerEnv): PodTemplate {
  const { metadata, spec } = revision;
  const container = servingContainer(revision);
  const features = podFeatures(spec);
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
    env: env.variables,
    ...(env.problem === null ? {} : { envProblem: env.problem }),
    ...(features.length === 0 ? {} : { features }),
    containerPort: port?.containerPort || DEFAULT_CONTAINER_PORT,
    protocol: port?.name === "h2c" ? "h2c" : "http1",
    containerConcurrency: spec.containerConcurrency ?? 0,
    timeoutSec: spec.timeoutSeconds || DEFAULT_TIMEOUT_SEC,
    responseStartTimeoutSec: spec.responseStartTimeoutSeconds ?? 0,
    idleTimeoutSec: spec.idleTimeoutSeconds ?? 0,
    readinessProbe: makeProbe(container),
    progressDeadlineSec: progressDeadlineSec(metadata.annotations),
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
  const headers = (httpGet.httpHeaders ?? []).map(({ name = "", value = "" }) => ({ name, value }));
  return { type: "http", path: httpGet.path || "/", headers };
}

function progressDeadlineSec(annotations: Readonly<Record<string, string>> | undefined): number {
  const durationMs = readDurationMs(annotations, PROGRESS_DEADLINE_KEYS);
  return durationMs === null || durationMs <= 0 ? DEFAULT_PROGRESS_DEADLINE_SEC : durationMs / 1000;
}
