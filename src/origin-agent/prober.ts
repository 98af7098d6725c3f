/**
 * Asks an instance whether it is ready, on the schedule of core/probe.ts, until it is, the progress deadline passes or
 * the caller stops it. An application may listen on 127.0.0.1 or only on ::1 ("localhost" in Node): the first host that
 * passes is the pod's address.
 */
import { request } from "node:http";
import { connect } from "node:net";
import { beginProbing, observeProbe, type ProbeStep } from "../core/probe.ts";
import type { Probe } from "../core/protocol/pod.ts";
import { isNewsOfUnready, type ToldUnready } from "../core/unready.ts";

export type ProbeTarget = { readonly hosts: readonly string[]; readonly port: number };

export type ProbeOutcome =
  | { readonly kind: "ready"; readonly host: string }
  /** `message` tells what the last try met. */
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "stopped" };

/** @param onUnready told now and then, while it is not ready, what the last try met (core/unready.ts) */
export async function probeUntilReady(
  target: ProbeTarget,
  probe: Probe,
  progressDeadlineSec: number,
  signal: AbortSignal,
  onUnready: (problem: string) => void,
): Promise<ProbeOutcome> {
  let { state, step } = beginProbing(probe, performance.now());
  let last: ProbeAnswer = { kind: "failed", message: "it was never asked", hasAnswered: false };
  let told: ToldUnready | null = null;
  while (step.kind === "probe") {
    await sleepUntil(step.atMs, signal);
    if (signal.aborted) return { kind: "stopped" };
    last = await probeOnce(target, probe, step.timeoutMs);
    if (signal.aborted) return { kind: "stopped" };
    const nowMs = performance.now();
    if (last.kind === "failed" && isNewsOfUnready(told, last.message, state.startedAtMs, nowMs)) {
      told = { problem: last.message, atMs: nowMs };
      onUnready(last.message);
    }
    const passed = last.kind === "passed";
    ({ state, step } = observeProbe(probe, progressDeadlineSec, state, passed, nowMs) as {
      state: typeof state;
      step: ProbeStep;
    });
  }
  if (step.kind === "ready" && last.kind === "passed") return { kind: "ready", host: last.host };
  return { kind: "failed", message: last.kind === "failed" ? last.message : "" };
}

type ProbeAnswer = { readonly kind: "passed"; readonly host: string } | ProbeProblem;

/** `hasAnswered` = something listens there, and what it said is no pass. */
type ProbeProblem = { readonly kind: "failed"; readonly message: string; readonly hasAnswered: boolean };

async function probeOnce(target: ProbeTarget, probe: Probe, timeoutMs: number): Promise<ProbeAnswer> {
  let first: ProbeProblem = { kind: "failed", message: "", hasAnswered: false };
  for (const host of target.hosts) {
    const problem =
      probe.handler.type === "tcp"
        ? await probeTcp(host, target.port, timeoutMs)
        : await probeHttp(host, target.port, probe.handler, timeoutMs);
    if (problem === null) return { kind: "passed", host };
    // The first host is the one that the contract names; its problem is the one to tell, unless the application is elsewhere.
    if (first.message === "" || (problem.hasAnswered && !first.hasAnswered)) first = problem;
  }
  return first;
}

function probeTcp(host: string, port: number, timeoutMs: number): Promise<ProbeProblem | null> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const finish = (problem: ProbeProblem | null) => {
      socket.destroy();
      resolve(problem);
    };
    const late = `${host}:$PORT (${port}) did not accept a connection within ${timeoutMs} ms`;
    socket.setTimeout(timeoutMs, () => finish(silent(late)));
    socket.once("connect", () => finish(null));
    socket.once("error", (error: NodeJS.ErrnoException) => finish(unreachable(host, port, error)));
  });
}

type HttpHandler = Extract<Probe["handler"], { type: "http" }>;

function probeHttp(host: string, port: number, handler: HttpHandler, timeoutMs: number): Promise<ProbeProblem | null> {
  return new Promise((resolve) => {
    const headers: Record<string, string> = { "user-agent": "kube-probe/rouse", connection: "close" };
    for (const { name, value } of handler.headers) headers[name.toLowerCase()] = value;
    const path = handler.path.startsWith("/") ? handler.path : `/${handler.path}`;
    const attempt = request({ host, port, path, headers, agent: false });
    const finish = (problem: ProbeProblem | null) => {
      clearTimeout(deadline);
      attempt.destroy();
      resolve(problem);
    };
    const url = `http://${host}:${port}${path}`;
    const deadline = setTimeout(() => finish(silent(`GET ${url} gave no answer within ${timeoutMs} ms`)), timeoutMs);
    attempt.on("response", (response) => {
      const status = response.statusCode ?? 0;
      response.resume();
      const refusal: ProbeProblem = { kind: "failed", message: `GET ${url} answered ${status}`, hasAnswered: true };
      finish(status >= 200 && status < 400 ? null : refusal);
    });
    // Destroying a request in flight also raises an error: resolve has been called by then.
    attempt.on("error", (error: NodeJS.ErrnoException) => finish(unreachable(host, port, error)));
    attempt.end();
  });
}

function silent(message: string): ProbeProblem {
  return { kind: "failed", message, hasAnswered: false };
}

/** The name of the variable tells what the number is: who ignores PORT has never seen it. */
function unreachable(host: string, port: number, { code, message }: NodeJS.ErrnoException): ProbeProblem {
  const address = `${host}:$PORT (${port})`;
  return silent(code === "ECONNREFUSED" ? `nothing listens on ${address}` : `${address}: ${code ?? message}`);
}

function sleepUntil(atMs: number, signal: AbortSignal): Promise<void> {
  const waitMs = atMs - performance.now();
  if (waitMs <= 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, waitMs);
    signal.addEventListener("abort", finish);
  });
}
