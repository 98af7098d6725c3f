/** One GET over a connection of its own, with the moment of the answer's first byte. */
import { connect } from "node:net";
import { CliError } from "../../src/cli/cli-error.ts";

export type HttpExchange = {
  readonly status: number;
  /** By lower-case name; the last one wins. */
  readonly headers: ReadonlyMap<string, string>;
  /** performance.now() when the first byte arrived. */
  readonly firstByteAtMs: number;
};

/** @throws CliError when there is no answer in time; the connection's error when it breaks */
export function getOnce(port: number, host: string, timeoutMs: number): Promise<HttpExchange> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpExchange>();
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  let firstByteAtMs = 0;
  let text = "";
  socket.setTimeout(timeoutMs, () => {
    socket.destroy();
    reject(new CliError(`${host} on port ${port} did not answer within ${timeoutMs / 1_000} s`));
  });
  socket.setEncoding("latin1");
  socket.on("data", (chunk: string) => {
    if (firstByteAtMs === 0) firstByteAtMs = performance.now();
    text += chunk;
  });
  socket.on("error", reject);
  socket.on("close", () => {
    if (text === "") reject(new CliError(`${host} on port ${port} closed the connection without an answer`));
    else resolve({ ...parseHead(text), firstByteAtMs });
  });
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  return promise;
}

function parseHead(text: string): Pick<HttpExchange, "status" | "headers"> {
  const [statusLine = "", ...lines] = text.slice(0, text.indexOf("\r\n\r\n")).split("\r\n");
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
  return { status: Number(statusLine.split(" ")[1]), headers };
}
