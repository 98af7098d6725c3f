/** The control plane's HTTP API, as the command line uses it. */
import { isJsonObject, type JsonObject } from "../../core/resource/json.ts";
import { CliError, messageOf } from "../cli-error.ts";

const REQUEST_TIMEOUT_MS = 10_000;

export type ApiResponse = {
  readonly status: number;
  readonly body: unknown;
  /** Of the header Warning: what was accepted and has no effect. */
  readonly warnings: readonly string[];
};

export class ApiClient {
  readonly edgeUrl: string;
  readonly #token: string;

  /** @param edgeUrl e.g. `http://127.0.0.1:8080` */
  constructor(edgeUrl: string, token: string) {
    this.edgeUrl = edgeUrl.replace(/\/+$/, "");
    this.#token = token;
  }

  /** Sends JSON (as a merge patch with PATCH) and reads JSON; any status is an answer. */
  async request(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<ApiResponse> {
    const timeout = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
    try {
      const response = await this.#fetch(path, {
        method,
        headers: {
          ...(body === undefined
            ? {}
            : { "content-type": method === "PATCH" ? "application/merge-patch+json" : "application/json" }),
        },
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const warnings = parseWarnings(response.headers.get("warning") ?? "");
      return { status: response.status, body: parseBody(await response.text()), warnings };
    } catch (error) {
      throw this.#unreachable(error);
    }
  }

  /**
   * Opens a watch.
   * @param signal ends it; its lines then end with the signal's reason thrown
   * @returns the status, and the body line by line (blank ones left out) as far as the status is a success
   */
  async watch(path: string, signal: AbortSignal): Promise<{ status: number; lines: AsyncIterable<string> }> {
    try {
      const response = await this.#fetch(path, { signal });
      if (response.ok && response.body !== null) return { status: response.status, lines: linesOf(response.body) };
      await response.body?.cancel();
      return { status: response.status, lines: noLines() };
    } catch (error) {
      throw this.#unreachable(error);
    }
  }

  #fetch(path: string, init: RequestInit): Promise<Response> {
    const headers = { authorization: `Bearer ${this.#token}`, ...init.headers };
    return fetch(`${this.edgeUrl}${path}`, { ...init, headers });
  }

  #unreachable(error: unknown): CliError {
    return new CliError(
      `no answer from the edge at ${this.edgeUrl}: ${messageOf(error)}`,
      "Is it running? Start it with `npm start`, or name another with --edge URL.",
      { cause: error, exitCode: "unreachable" },
    );
  }

  /** @throws CliError for every status that is not a success; `what` names the attempt, e.g. "create service hello" */
  async expect(what: string, method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await this.request(method, path, body);
    if (response.status >= 200 && response.status < 300) return response.body;
    throw refusal(what, response);
  }

  /** @throws CliError for a body that no edge sends: something else answers there */
  objectIn(body: unknown): JsonObject {
    if (isJsonObject(body)) return body;
    throw new CliError(`${this.edgeUrl} did not answer as an edge of Rouse does`, "Is --edge the control host?");
  }
}

/** The error for an answer that is not a success. */
export function refusal(what: string, { status, body }: Pick<ApiResponse, "status" | "body">): CliError {
  const { reason } = isJsonObject(body) ? body : {};
  const remedies: Record<number, string> = {
    401: "The token is not known there. Give the right one in ROUSE_ADMIN_TOKEN, or --state with the folder that holds it.",
    403: "The token may not do that; an admin token may.",
    // The other 409 is AlreadyExists, which trying again does not change.
    409: reason === "Conflict" ? "It was changed at the same time; try again." : "",
  };
  return new CliError(`could not ${what}: ${reasonIn(body)} (${status})`, remedies[status] ?? "", {
    exitCode: status === 401 ? "unreachable" : "failed",
  });
}

function reasonIn(body: unknown): string {
  if (typeof body === "string") return body.slice(0, 300) || "no reason given";
  const { message, detail, title } = (body ?? {}) as { message?: unknown; detail?: unknown; title?: unknown };
  const reason = message ?? detail ?? title;
  return typeof reason === "string" ? reason.replace(ADMISSION_PREFIX, "") : "no reason given";
}

/** Clients of the API know Knative's webhook by these words; a person need not. */
const ADMISSION_PREFIX = /^admission webhook "[^"]*" denied the request: (validation failed: )?/;

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const lines = `${rest}${chunk}`.split("\n");
    rest = lines.pop() ?? "";
    yield* lines.filter((line) => line.trim() !== "");
  }
  if (rest.trim() !== "") yield rest;
}

async function* noLines(): AsyncGenerator<string> {}

/** `299 - "first", 299 - "second"` (RFC 7234, 5.5) */
function parseWarnings(header: string): string[] {
  return [...header.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = ""]) => text.replaceAll(/\\(.)/g, "$1"));
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
