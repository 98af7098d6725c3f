/** Requests to one host at every gateway, one after the other as fast as they are answered, each on record. */
import { requestOnce } from "./http.ts";

export type Seen = {
  /** Index of the gateway. */
  readonly gateway: number;
  /** When the request was sent. */
  readonly sentAtMs: number;
  readonly status: number;
  readonly body: string;
};

export type WatchedHost = {
  readonly seen: readonly Seen[];
  /** Ends the watch. @returns what requests learned that were sent at that time or later */
  stop(sinceMs: number): Promise<readonly Seen[]>;
};

export function watchHost(ports: readonly number[], host: string): WatchedHost {
  const seen: Seen[] = [];
  let isOver = false;
  const watch = async (gateway: number, port: number) => {
    while (!isOver) {
      const sentAtMs = performance.now();
      const { status, body } = await requestOnce(port, host, "/");
      seen.push({ gateway, sentAtMs, status, body });
    }
  };
  const watches = Promise.all(ports.map((port, gateway) => watch(gateway, port)));
  return {
    seen,
    async stop(sinceMs) {
      isOver = true;
      await watches;
      return seen.filter(({ sentAtMs }) => sentAtMs >= sinceMs);
    },
  };
}
