/** Probes on the command line: `http:HOST:PORT:PATH`, `https:…`, `tcp:HOST:PORT`, `exec:PROGRAM,ARGUMENT,…`. */
import { usage } from "../cli-error.ts";
import { splitList } from "./assignments.ts";
import type { Probe } from "./editable-service.ts";

const HANDLERS = ["httpGet", "tcpSocket", "exec", "grpc"];

/** Replaces how a probe asks; when and how often stay. */
export function editProbe(probe: Probe | undefined, flag: string, text: string): Probe {
  const timing = Object.entries(probe ?? {}).filter(([field]) => !HANDLERS.includes(field));
  return { ...Object.fromEntries(timing), ...parseHandler(flag, text) };
}

function parseHandler(flag: string, text: string): Probe {
  const [type = "", ...rest] = text.split(":");
  const [host = "", port = "", ...path] = rest;
  const target = { ...(host === "" ? {} : { host }), ...(port === "" ? {} : { port: portOf(port) }) };
  switch (type.toLowerCase()) {
    case "http":
    case "https":
      return { httpGet: { scheme: type.toUpperCase(), ...target, path: path.join(":") || "/" } };
    case "tcp":
      return { tcpSocket: target };
    case "exec":
      if (rest.join(":") !== "") return { exec: { command: rest.join(":").split(",") } };
  }
  throw usage(`${flag} expects http:HOST:PORT:PATH, tcp:HOST:PORT or exec:PROGRAM,ARGUMENT; given '${text}'`);
}

/** A number, or the name of the container's port. */
function portOf(text: string): number | string {
  return /^\d+$/.test(text) ? Number(text) : text;
}

const TIMES: ReadonlyMap<string, string> = new Map(
  ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"].map((field) => [
    field.toLowerCase(),
    field,
  ]),
);

/** @param values `PeriodSeconds=2,FailureThreshold=3`, in any case */
export function editProbeTiming(probe: Probe | undefined, flag: string, values: readonly string[]): Probe {
  const pairs = splitList(values).map((text) => {
    const [name = "", value = ""] = text.split("=");
    const field = TIMES.get(name.toLowerCase());
    if (field === undefined || !/^\d+$/.test(value)) {
      throw usage(`${flag} expects NAME=NUMBER with one of ${[...TIMES.values()].join(", ")}; given '${text}'`);
    }
    return [field, Number(value)] as const;
  });
  return { ...probe, ...Object.fromEntries(pairs) };
}
