/**
 * The Worker's end of a watch's link to the ControlPlane object. Deploys and resets drop the WebSocket; the link opens
 * another one from the version of the last frame, so that the stream behind it goes on with neither loss nor repetition.
 * Until a frame came it begins again as the client did: what a watch from an object's version starts with is not lost.
 */
import type { Outcome } from "../../core/protocol/control-plane.ts";
import { type WatchFrame, type WatchLinkQuery, watchLinkPath } from "../../core/protocol/watch-link.ts";
import { type ApiStatus, failure } from "../../core/resource/api-status.ts";
import { isObjectVersion, listVersion } from "../../core/resource/watch-version.ts";

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;
/** Without the object for so long, the link gives up. */
const GIVE_UP_AFTER_MS = 60_000;

const UNREACHABLE = failure("ServiceUnavailable", "the control plane does not answer; try again", {
  retryAfterSeconds: 1,
});

/** Opens a WebSocket for a query: fetch() on a fresh stub of the ControlPlane object. */
export type OpenSocket = (path: string) => Promise<Response>;

export type LinkOptions = {
  readonly query: WatchLinkQuery;
  readonly openSocket: OpenSocket;
  /** @param isStart it belongs to what the link starts with */
  readonly onFrame: (frame: WatchFrame, isStart: boolean) => void;
  /** The link cannot go on; null = without a reason that would help the client. */
  readonly onBroken: (status: ApiStatus | null) => void;
};

export class WatchLink {
  readonly #options: LinkOptions;
  #version: number | null;
  #isStarting = true;
  #hasFrame = false;
  #socket: WebSocket | null = null;
  #wakeUp: () => void = () => {};
  #isClosed = false;

  private constructor(options: LinkOptions) {
    this.#options = options;
    const { version, sendInitialEvents } = options.query;
    // Until the first events are complete there is nothing to resume from.
    this.#version = sendInitialEvents === true ? null : version;
  }

  /** @returns the link once the object took it, or its refusal */
  static async open(options: LinkOptions): Promise<Outcome<WatchLink>> {
    const link = new WatchLink(options);
    const refusal = await link.#connect(options.query);
    if (refusal === null) return { ok: true, value: link };
    return { ok: false, status: refusal === "unreachable" ? UNREACHABLE : refusal };
  }

  close(): void {
    this.#isClosed = true;
    this.#wakeUp();
    closeQuietly(this.#socket);
  }

  /** @returns null, or why there is no socket */
  async #connect(query: WatchLinkQuery): Promise<ApiStatus | "unreachable" | null> {
    try {
      const response = await this.#options.openSocket(watchLinkPath(query));
      const socket = response.webSocket;
      if (socket === null) return (await response.json()) as ApiStatus;
      this.#listen(socket);
      return null;
    } catch (error) {
      console.warn(`api: the control plane did not take a watch of ${query.kind}: ${String(error)}`);
      return "unreachable";
    }
  }

  #listen(socket: WebSocket): void {
    this.#socket = socket;
    this.#isStarting = true;
    socket.addEventListener("message", ({ data }) => this.#receive(JSON.parse(String(data)) as WatchFrame));
    socket.addEventListener("close", () => this.#dropped(socket));
    socket.addEventListener("error", () => this.#dropped(socket));
    socket.accept();
    if (this.#isClosed) closeQuietly(socket);
  }

  #receive(frame: WatchFrame): void {
    if (this.#isClosed) return;
    this.#hasFrame = true;
    if (frame.version !== null) this.#version = frame.version;
    this.#options.onFrame(frame, this.#isStarting);
    // The last frame of a start, like those of what comes later, says how far the log is, not a write of it.
    if (frame.version !== null && !isObjectVersion(frame.version)) this.#isStarting = false;
  }

  #dropped(socket: WebSocket): void {
    if (this.#socket !== socket) return;
    this.#socket = null;
    closeQuietly(socket);
    if (!this.#isClosed) void this.#resume();
  }

  async #resume(): Promise<void> {
    const giveUpAtMs = Date.now() + GIVE_UP_AFTER_MS;
    for (let attempt = 0; Date.now() < giveUpAtMs; attempt++) {
      await this.#pause(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt) * (0.5 + Math.random()));
      if (this.#isClosed) return;
      const query = this.#restOfQuery();
      if (query === null) break;
      const refusal = await this.#connect(query);
      if (refusal === null) return;
      if (refusal !== "unreachable" && refusal.reason === "Expired") return this.#options.onBroken(refusal);
    }
    this.#options.onBroken(null);
  }

  /** @returns null when what came cannot be told from what did not */
  #restOfQuery(): WatchLinkQuery | null {
    if (!this.#hasFrame) return this.#options.query;
    if (this.#version === null) return null;
    return { ...this.#options.query, version: listVersion(this.#version), sendInitialEvents: null };
  }

  #pause(durationMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, durationMs);
      this.#wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function closeQuietly(socket: WebSocket | null): void {
  try {
    socket?.close(1000);
  } catch {
    // It was closed already.
  }
}
