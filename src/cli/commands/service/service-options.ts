/** The options with which `service create`, `update` and `apply` say what a Service shall be: kn's, and a few of Rouse's own. */
import { type Command, Option } from "commander";
import { driverOption } from "../driver-option.ts";
import { count, percent } from "../option-values.ts";
import { repeatable } from "../options.ts";

export function withServiceOptions(command: Command): Command {
  for (const option of serviceOptions()) command.addOption(option);
  return command;
}

function serviceOptions(): Option[] {
  return [...programOptions(), ...environmentOptions(), ...limitOptions(), ...scaleOptions(), ...metadataOptions()];
}

function programOptions(): Option[] {
  return [
    new Option(
      "--image <image>",
      "image to run; with --driver process only a label, rouse.dev/process/NAME if not given",
    ),
    driverOption(),
    repeatable("--cmd <word>", "program to run instead of the image's own, then its first arguments; may be repeated"),
    repeatable("--arg <argument>", "argument of the program; may be repeated"),
    new Option("--workdir <dir>", 'working directory; relative to where the agent runs pods. "" clears it'),
    new Option(
      "-p, --port <port>",
      "declared port, or NAME:PORT, such as h2c:8080 for HTTP/2; a process listens on PORT, which the agent chooses",
    ),
    new Option("--user <uid>", "user id to run as").argParser(count),
    new Option("--service-account <name>", 'service account; "" clears it'),
    new Option("--pull-secret <name>", 'secret to pull the image with; "" clears it'),
  ];
}

function environmentOptions(): Option[] {
  return [
    repeatable("-e, --env <NAME=value>", "environment variable; NAME- removes it; may be repeated"),
    repeatable("--env-from <source>", "variables from cm:CONFIGMAP or secret:SECRET; with - behind it no more"),
    repeatable(
      "--env-value-from <NAME=source>",
      "variable from cm:CONFIGMAP:KEY or secret:SECRET:KEY; NAME- removes it",
    ),
    repeatable("--mount <dir=source>", "mount cm:CONFIGMAP, secret:SECRET, ed:NAME or a volume; /DIR- unmounts"),
    repeatable("--volume <name=source>", "volume from cm:CONFIGMAP, secret:SECRET or ed:; NAME- removes it"),
  ];
}

function limitOptions(): Option[] {
  return [
    repeatable("--request <resource=quantity>", "resources a pod asks for, such as cpu=100m,memory=64Mi; cpu- removes"),
    repeatable("--limit <resource=quantity>", "resources a pod gets at most; cpu- removes"),
    new Option("--probe-liveness <probe>", "http:HOST:PORT:PATH, tcp:HOST:PORT or exec:PROGRAM,ARGUMENT"),
    repeatable("--probe-liveness-opts <opts>", "such as PeriodSeconds=5,FailureThreshold=3"),
    new Option("--probe-readiness <probe>", "as --probe-liveness"),
    repeatable("--probe-readiness-opts <opts>", "as --probe-liveness-opts"),
    new Option("--timeout <seconds>", "how long a request may take").argParser(count),
    new Option("--concurrency-limit <n>", "requests at once in one pod; 0 = no limit").argParser(count),
  ];
}

function scaleOptions(): Option[] {
  return [
    new Option("--scale <range>", "number of pods: N, MIN..MAX, MIN.. or ..MAX"),
    new Option("--scale-min <n>", "least number of pods").argParser(count),
    new Option("--scale-max <n>", "greatest number of pods; 0 = no limit").argParser(count),
    new Option("--scale-init <n>", "number of pods to start with").argParser(count),
    new Option("--scale-activation <n>", "least number of pods when it wakes").argParser(count),
    new Option("--scale-metric <metric>", "what is counted").choices(["concurrency", "rps"]),
    new Option("--scale-target <n>", "requests at once (or per second) in one pod to scale for").argParser(count),
    new Option("--scale-utilization <percent>", "share of the target at which it scales up").argParser(percent),
    new Option("--scale-window <duration>", "how far back decisions look, such as 10s"),
    new Option("--concurrency-target <n>", "kn's older name of --scale-target").argParser(count),
    new Option("--concurrency-utilization <percent>", "kn's older name of --scale-utilization").argParser(percent),
  ];
}

function metadataOptions(): Option[] {
  return [
    repeatable("-l, --label <name=value>", "label of service and revision; NAME- removes it"),
    repeatable("--label-service <name=value>", "label of the service only"),
    repeatable("--label-revision <name=value>", "label of the revision only"),
    repeatable("-a, --annotation <name=value>", "annotation of service and revision; NAME- removes it"),
    repeatable("--annotation-service <name=value>", "annotation of the service only"),
    repeatable("--annotation-revision <name=value>", "annotation of the revision only"),
    new Option("--cluster-local", "no public URL"),
    new Option("--no-cluster-local", "a public URL again"),
    new Option(
      "--revision-name <template>",
      "name of the revision, with {{.Service}}, {{.Generation}} and {{.Random 5}}; by default the server chooses",
    ),
  ];
}

export function withTrafficOptions(command: Command): Command {
  return command
    .addOption(repeatable("--traffic <ref=percent>", "share of a revision, a tag or @latest; replaces the whole split"))
    .addOption(repeatable("--tag <ref=tag>", "tag for a revision or @latest: a URL of its own"))
    .addOption(repeatable("--untag <tag>", "take a tag away"));
}

export const MANIFEST_OPTION = "-f, --filename <path>";
