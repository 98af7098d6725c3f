/**
 * The body of a client's request as undici may read and destroy it. Destroying the request itself would close the
 * client's connection, on which an application's early answer (413 before the upload is done) still has to be sent.
 */
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";

export class RequestBody extends Readable {
  readonly #request: IncomingMessage;

  constructor(request: IncomingMessage) {
    super();
    this.#request = request;
    request.on("data", (chunk: Buffer) => {
      if (!this.destroyed && !this.push(chunk)) request.pause();
    });
    request.on("end", () => this.push(null));
    request.on("error", (error) => this.destroy(error));
    request.on("close", () => {
      if (!request.complete) this.destroy(new Error("the client went away while it sent the body"));
    });
  }

  override _read(): void {
    this.#request.resume();
  }

  /** What is still to come is read and dropped, so that the answer can get through. */
  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#request.resume();
    callback(error);
  }
}
