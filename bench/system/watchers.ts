/** Clients that watch the same collection, and when each of them hears of a change. */

import type { ApiClient } from "../../src/cli/api/api-client.ts";
import { CliError } from "../../src/cli/cli-error.ts";

type WatchLine = {
  readonly type: string;
  readonly object: { readonly metadata: { readonly name: string; readonly resourceVersion: string } };
};

const HEARD_TIMEOUT_MS = 10_000;

export class Watchers {
  readonly #ended = new AbortController();
  /** resourceVersion → how many heard of it, and who waits for all. */
  readonly #heard = new Map<string, number>();
  readonly #waiting = new Map<string, () => void>();
  #size = 0;

  /** @param resourceVersion where they begin; they hear of what comes after it */
  static async open(client: ApiClient, path: string, resourceVersion: string, count: number): Promise<Watchers> {
    const watchers = new Watchers();
    watchers.#size = count;
    await Promise.all(Array.from({ length: count }, () => watchers.#open(client, path, resourceVersion)));
    return watchers;
  }

  /** @returns when the last of them heard of it, on the clock of performance.now() */
  async allHeard(resourceVersion: string): Promise<number> {
    if (this.#heard.get(resourceVersion) !== this.#size) {
      const all = Promise.withResolvers<void>();
      this.#waiting.set(resourceVersion, all.resolve);
      const timer = setTimeout(
        () => all.reject(new CliError(`${this.#heard.get(resourceVersion) ?? 0} of ${this.#size} watchers heard`)),
        HEARD_TIMEOUT_MS,
      );
      await all.promise.finally(() => clearTimeout(timer));
    }
    return performance.now();
  }

  close(): void {
    this.#ended.abort();
  }

  async #open(client: ApiClient, path: string, resourceVersion: string): Promise<void> {
    const query = new URLSearchParams({ watch: "true", resourceVersion });
    const { status, lines } = await client.watch(`${path}?${query}`, this.#ended.signal);
    if (status !== 200) throw new CliError(`the watch was answered ${status}`);
    void this.#read(lines).catch(() => undefined); // It ends with the signal; who is missing is seen in allHeard.
  }

  async #read(lines: AsyncIterable<string>): Promise<void> {
    for await (const line of lines) {
      const { resourceVersion } = (JSON.parse(line) as WatchLine).object.metadata;
      const heard = (this.#heard.get(resourceVersion) ?? 0) + 1;
      this.#heard.set(resourceVersion, heard);
      if (heard === this.#size) this.#waiting.get(resourceVersion)?.();
    }
  }
}
