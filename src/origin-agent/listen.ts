/** Opens a server and tells what to do when it cannot be opened. */
import type { AddressInfo, Server } from "node:net";

/**
 * @param port 0 = any free one
 * @param flag the option that sets the port, for the message
 * @returns the port
 * @throws when the address is taken or may not be used
 */
export async function listen(server: Server, host: string, port: number, flag: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const why = error.code === "EADDRINUSE" ? "is already in use" : `cannot be used (${error.code ?? error.message})`;
      reject(
        new Error(`${flag}: ${host}:${port} ${why}; choose another port, or 0 for any free one`, { cause: error }),
      );
    });
    server.listen({ host, port }, resolve);
  });
  return (server.address() as AddressInfo).port;
}
