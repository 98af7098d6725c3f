/** The lines that tell what a Service waits for, in kn's form: `  0.052s The Route is still working …`. */

export class Progress {
  readonly #print: (line: string) => void;
  readonly #nowMs: () => number;
  readonly #startMs: number;
  #lastMessage = "";

  /** @param nowMs any clock in milliseconds; it starts to count here */
  constructor(print: (line: string) => void, nowMs: () => number) {
    this.#print = print;
    this.#nowMs = nowMs;
    this.#startMs = nowMs();
  }

  /** The same message again is only a sign of life. */
  say(message: string): void {
    const seconds = ((this.#nowMs() - this.#startMs) / 1_000).toFixed(3).padStart(7);
    this.#print(`${seconds}s ${message === this.#lastMessage ? "..." : message}`);
    this.#lastMessage = message;
  }
}
