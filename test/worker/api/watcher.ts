/** A client of watches: reads the lines of a stream one by one. Waits have no deadline of their own; the test's is theirs. */
import { type Json, TOKEN, worker } from "./client.ts";

export type Event = { readonly type: string; readonly object: Json };

export async function requestWatch(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return worker.fetch(`http://rouse.test${path}`, { headers: { authorization: `Bearer ${TOKEN}`, ...headers } });
}

export class Watcher {
  readonly response: Response;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #rest = "";
  #lines: string[] = [];

  private constructor(response: Response) {
    this.response = response;
    this.#reader = (response.body as ReadableStream<Uint8Array>).getReader();
  }

  /** @param query parameters behind `watch=true` */
  static async open(list: string, query = "", headers: Record<string, string> = {}): Promise<Watcher> {
    const response = await requestWatch(`${list}?watch=true${query === "" ? "" : `&${query}`}`, headers);
    if (response.status !== 200) throw new Error(`the watch was refused: ${await response.text()}`);
    return new Watcher(response);
  }

  /** The next event; null when the stream ended. */
  async next(): Promise<Event | null> {
    for (;;) {
      const line = this.#lines.shift();
      if (line === undefined) {
        if (!(await this.#read())) return null;
      } else if (line !== "") return JSON.parse(line) as Event;
    }
  }

  /** Reads up to and including the event that is wished; everything before it is in the result too. */
  async until(isWished: (event: Event) => boolean): Promise<Event[]> {
    const events: Event[] = [];
    for (;;) {
      const event = await this.next();
      if (event === null) throw new Error(`the stream ended after ${JSON.stringify(events.map(textOf))}`);
      events.push(event);
      if (isWished(event)) return events;
    }
  }

  /** Everything up to the end of the stream. */
  async rest(): Promise<Event[]> {
    const events: Event[] = [];
    for (;;) {
      const event = await this.next();
      if (event === null) return events;
      events.push(event);
    }
  }

  async close(): Promise<void> {
    await this.#reader.cancel();
  }

  async #read(): Promise<boolean> {
    const { done, value } = await this.#reader.read();
    if (done) return false;
    const lines = (this.#rest + this.#decoder.decode(value, { stream: true })).split("\n");
    this.#rest = lines.pop() ?? "";
    this.#lines.push(...lines);
    return true;
  }
}

export function textOf({ type, object }: Event): string {
  return `${type} ${object.metadata?.name ?? object.reason ?? ""}`;
}
