/** Requests to one host, the next as soon as the last has ended, over one connection that is kept: each must succeed. */
import { Agent, request } from "node:http";

export type Prober = {
  /** @returns when so many more requests have ended */
  more(count: number): Promise<void>;
  /** Ends with the request that is under way. @throws with the first failures when there was one */
  stop(): Promise<{ readonly requests: number; readonly bodies: ReadonlySet<string> }>;
};

export function probe(port: number, host: string): Prober {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const bodies = new Set<string>();
  const failures: string[] = [];
  let requests = 0;
  let isOver = false;
  const wishes: { readonly at: number; readonly resolve: () => void }[] = [];
  const run = async () => {
    while (!isOver) {
      const { status, body } = await ask(agent, port, host).catch((error: Error) => ({
        status: 0,
        body: String(error),
      }));
      requests += 1;
      if (status === 200) bodies.add(body);
      else failures.push(`request ${requests}: ${status} ${body}`);
      for (const wish of wishes.filter(({ at }) => at <= requests)) wish.resolve();
    }
  };
  const ended = run();
  return {
    more: (count) => new Promise((resolve) => wishes.push({ at: requests + count, resolve })),
    async stop() {
      isOver = true;
      await ended;
      agent.destroy();
      if (failures.length > 0) {
        const shown = failures.slice(0, 5).join("\n");
        throw new Error(`${failures.length} of ${requests} requests to ${host} failed:\n${shown}`);
      }
      return { requests, bodies };
    },
  };
}

function ask(agent: Agent, port: number, host: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ agent, port, host: "127.0.0.1", headers: { host }, timeout: 20_000 }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        body += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      response.on("error", reject);
    });
    sent.on("timeout", () => sent.destroy(new Error("no answer in 20 s")));
    sent.on("error", reject);
    sent.end();
  });
}
