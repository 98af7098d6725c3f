/**
 * The stream of one watch to its client: one JSON object per line, bookmarks between them, and a sign of life where there
 * is nothing to say. It never waits for the client: what it does not read is kept up to a bound, then the stream breaks and
 * the client resumes from what it has.
 */
import type { WatchEvent } from "../../core/resource/watch-event.ts";

export type StreamTiming = {
  /** The stream ends by itself. */
  readonly timeoutMs: number;
  /** workerd notices that a client left only when it writes: after so much silence comes an empty line. */
  readonly silenceMs: number;
  /** How often a client that wants bookmarks gets one. */
  readonly bookmarkMs: number;
};

export type StreamOptions = {
  readonly timing: StreamTiming;
  readonly maxBufferBytes: number;
  /** An object as the client wants it. */
  readonly toWire: (object: unknown) => unknown;
  /** What tells how far the watch is; null while there is nothing to tell, or for a client that wants none. */
  readonly bookmark: () => unknown;
  /** The client left, was too slow, or the time is over. */
  readonly onEnd: () => void;
};

export const SILENCE_MS = 30_000;
export const BOOKMARK_MS = 60_000;
/** About 5,000 Services: the first events of a watch come at once. */
export const MAX_BUFFER_BYTES = 16 * 1024 * 1024;

export class WatchStream {
  readonly body: ReadableStream<Uint8Array>;
  readonly #options: StreamOptions;
  readonly #encoder = new TextEncoder();
  readonly #timers: ReturnType<typeof setTimeout>[];
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  #hasWritten = false;

  constructor(options: StreamOptions) {
    this.#options = options;
    const { timeoutMs, silenceMs, bookmarkMs } = options.timing;
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        cancel: () => this.#finish(() => {}),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: options.maxBufferBytes }),
    );
    this.#timers = [
      setTimeout(() => this.end(), timeoutMs),
      setInterval(() => this.#breakSilence(), silenceMs),
      setInterval(() => this.#sendBookmark(), bookmarkMs),
    ];
  }

  get isOpen(): boolean {
    return this.#controller !== null;
  }

  write(events: readonly WatchEvent[]): void {
    if (events.length === 0) return;
    const { toWire } = this.#options;
    const lines = events.map(({ type, object }) => {
      return `${JSON.stringify({ type, object: type === "ERROR" ? object : toWire(object) })}\n`;
    });
    this.#send(lines.join(""));
  }

  /** Ends after what was written. */
  end(): void {
    this.#finish((controller) => controller.close());
  }

  #sendBookmark(): void {
    const object = this.#options.bookmark();
    if (object !== null) this.write([{ type: "BOOKMARK", object }]);
  }

  #breakSilence(): void {
    if (!this.#hasWritten) this.#send("\n");
    this.#hasWritten = false;
  }

  #send(text: string): void {
    const controller = this.#controller;
    if (controller === null) return;
    const bytes = this.#encoder.encode(text);
    if ((controller.desiredSize ?? 0) < bytes.byteLength) return this.#cut();
    this.#hasWritten = true;
    controller.enqueue(bytes);
  }

  /** What waits for a client that does not read is thrown away with it. */
  #cut(): void {
    this.#finish((controller) => controller.error(new Error("the client of a watch reads too slowly")));
  }

  #finish(last: (controller: ReadableStreamDefaultController<Uint8Array>) => void): void {
    const controller = this.#controller;
    if (controller === null) return;
    this.#controller = null;
    for (const timer of this.#timers) clearTimeout(timer);
    last(controller);
    this.#options.onEnd();
  }
}
