/**
 * Ports for pods. An agent owns a block of ports by listening on its first one as long as it lives: the kernel is the
 * lock between several agents of one machine, and it is gone with the agent however that dies.
 *
 *     20000 ┬ lock   20500 ┬ lock   ...   below the ephemeral ranges of Linux (32768..) and macOS (49152..)
 *           ├ pod          ├ pod
 *           └ ...499       └ ...
 *
 * Ports are handed out round robin, so a port rests as long as possible between two pods. Some are tested ahead of need:
 * a start does not wait for the test.
 */
import { createServer, type Server } from "node:net";

const FIRST_PORT = 20_000;
const BLOCK_PORTS = 500;
const BLOCKS = 24;
/** Ports known to be free, kept ready for the next starts. */
const TESTED_AHEAD = 16;

export class PortBlock {
  readonly #lock: Server;
  readonly #firstPort: number;
  readonly #used = new Set<number>();
  readonly #tested: number[] = [];
  #cursor = 0;
  #refill: Promise<void> | null = null;
  #isClosed = false;

  private constructor(lock: Server, firstPort: number) {
    this.#lock = lock;
    this.#firstPort = firstPort;
  }

  /**
   * @param preference any number; an agent that gives the same one tends to get the same block
   * @throws when every block is taken
   */
  static async reserve(preference: number): Promise<PortBlock> {
    for (let offset = 0; offset < BLOCKS; offset += 1) {
      const firstPort = FIRST_PORT + ((preference + offset) % BLOCKS) * BLOCK_PORTS;
      const lock = await listen("127.0.0.1", firstPort);
      if (lock === null) continue;
      lock.unref();
      const block = new PortBlock(lock, firstPort);
      await block.#testAhead();
      return block;
    }
    throw new Error(
      `no block of ports is free between ${FIRST_PORT} and ${FIRST_PORT + BLOCKS * BLOCK_PORTS}: stop other agents on this machine`,
    );
  }

  /** @returns null when every port of the block is in use */
  take(): number | null {
    const port = this.#tested.shift() ?? this.#next();
    if (port === null) return null;
    this.#used.add(port);
    this.#refill ??= this.#testAhead().finally(() => {
      this.#refill = null;
    });
    return port;
  }

  /** A pod that was found has this port. */
  claim(port: number): void {
    this.#used.add(port);
    const index = this.#tested.indexOf(port);
    if (index >= 0) this.#tested.splice(index, 1);
  }

  release(port: number): void {
    this.#used.delete(port);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await new Promise((resolve) => this.#lock.close(resolve));
  }

  async #testAhead(): Promise<void> {
    for (let tries = 0; tries < BLOCK_PORTS && this.#tested.length < TESTED_AHEAD && !this.#isClosed; tries += 1) {
      const port = this.#next();
      if (port === null) return;
      // All interfaces: it also fails when somebody listens on one of them.
      const probe = await listen(undefined, port);
      if (probe === null) continue;
      await new Promise((resolve) => probe.close(resolve));
      if (!this.#used.has(port)) this.#tested.push(port);
    }
  }

  /** The next port round robin that no pod has and that is not among the tested ones. */
  #next(): number | null {
    for (let tries = 1; tries < BLOCK_PORTS; tries += 1) {
      // 1..499: the first port is the lock.
      this.#cursor = (this.#cursor % (BLOCK_PORTS - 1)) + 1;
      const port = this.#firstPort + this.#cursor;
      if (!this.#used.has(port) && !this.#tested.includes(port)) return port;
    }
    return null;
  }
}

function listen(host: string | undefined, port: number): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE" || error.code === "EACCES") resolve(null);
      else reject(error);
    });
    server.listen({ host, port, exclusive: true }, () => resolve(server));
  });
}
