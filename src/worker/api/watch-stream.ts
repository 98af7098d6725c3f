/**
 * The stream of one watch to its client: one JSON object per line, bookmarks between them, and a sign of life where there
 * is nothing to say. What the client does not read is kept up to a bound, then the stream breaks and the client resumes from
 * what it has. What a watch starts with is kept however large it is, since it would be as large when the client comes back;
 * a client that reads nothing of it for a while is cut off all the same.
 */
import type { WatchEvent } from "../../core/resource/watch-event.ts";

export type StreamTiming = {
  /** The stream ends by itself. */
  readonly timeoutMs: number;
  /** workerd notices that a client left only when it writes: after so much silence comes an empty line. */
  readonly silenceMs: number;
  /** How often a client that wants bookmarks gets one. */
  readonly bookmarkMs: number;
  /** A client that reads nothing for so long, though something waits for it, is cut off; twice as long at most. */
  readonly stallMs: number;
};

export type StreamOptions = {
  readonly timing: StreamTiming;
  /** Beside what the watch started with. */
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
export const STALL_MS = 30_000;
export const MAX_BUFFER_BYTES = 16 * 1024 * 1024;

export class WatchStream {
  readonly body: ReadableStream<Uint8Array>;
  readonly #options: StreamOptions;
  readonly #encoder = new TextEncoder();
  readonly #timers: ReturnType<typeof setTimeout>[];
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  #hasWritten = false;
  #writtenBytes = 0;
  /** Of what the watch started with, until all of it is read. */
  #startBytes = 0;
  /** At the last look for a client that stalls. */
  #readBytes = 0;

  constructor(options: StreamOptions) {
    this.#options = options;
    const { timeoutMs, silenceMs, bookmarkMs, stallMs } = options.timing;
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
      setInterval(() => this.#cutStalled(), stallMs),
    ];
  }

  get isOpen(): boolean {
    return this.#controller !== null;
  }

  /** @param isStart they belong to what the watch starts with */
  write(events: readonly WatchEvent[], isStart = false): void {
    if (events.length === 0) return;
    const { toWire } = this.#options;
    const lines = events.map(({ type, object }) => {
      return `${JSON.stringify({ type, object: type === "ERROR" ? object : toWire(object) })}\n`;
    });
    this.#send(lines.join(""), isStart);
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

  #send(text: string, isStart = false): void {
    const controller = this.#controller;
    if (controller === null) return;
    const bytes = this.#encoder.encode(text);
    const unreadBytes = this.#unreadBytes(controller);
    if (unreadBytes === 0) this.#startBytes = 0;
    if (isStart) this.#startBytes += bytes.byteLength;
    if (unreadBytes + bytes.byteLength > this.#options.maxBufferBytes + this.#startBytes) return this.#cut();
    this.#hasWritten = true;
    this.#writtenBytes += bytes.byteLength;
    controller.enqueue(bytes);
  }

  #cutStalled(): void {
    if (this.#controller === null) return;
    const unreadBytes = this.#unreadBytes(this.#controller);
    const readBytes = this.#writtenBytes - unreadBytes;
    if (unreadBytes > 0 && readBytes === this.#readBytes) return this.#cut();
    this.#readBytes = readBytes;
  }

  #unreadBytes({ desiredSize }: ReadableStreamDefaultController): number {
    return this.#options.maxBufferBytes - (desiredSize ?? 0);
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
