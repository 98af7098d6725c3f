/** Requests whose bodies matter byte by byte and in time. */
import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";

export type Stream = {
  readonly request: ClientRequest;
  readonly response: Promise<IncomingMessage>;
  text(): Promise<string>;
  bytes(): Promise<Buffer>;
  countBytes(): Promise<number>;
  /** When each chunk arrived, in milliseconds of performance.now(). */
  chunkTimes(): Promise<number[]>;
};

/** The caller ends the request. */
export function openStream(port: number, host: string, path: string, init: { method?: string } = {}): Stream {
  const request = httpRequest({
    host: "127.0.0.1",
    port,
    path,
    method: init.method ?? "GET",
    headers: { host },
    agent: false,
  });
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    request.on("response", resolve);
    request.on("error", reject);
  });
  response.catch(() => undefined);
  return {
    request,
    response,
    async text() {
      let text = "";
      for await (const chunk of await response) text += String(chunk);
      return text;
    },
    async bytes() {
      const chunks: Buffer[] = [];
      for await (const chunk of await response) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks);
    },
    async countBytes() {
      let bytes = 0;
      for await (const chunk of await response) bytes += (chunk as Buffer).length;
      return bytes;
    },
    async chunkTimes() {
      const times: number[] = [];
      for await (const _ of await response) times.push(performance.now());
      return times;
    },
  };
}
