/**
 * Brings the copies in KV up to date: each at least once, the newest entry last, a deleted host's removed. What is to be done
 * is on record in the entry store, so a crash, an eviction or a failing KV costs time only.
 */
import { COPY_INTERVAL_MS, copyRetryMs, formatRouteCopy, routeCopyKey } from "../../core/routing/copy.ts";
import type { DueCopy, EntryStore } from "./entry-store.ts";

/** The slice of a KV namespace that is written. */
export type RouteCopies = {
  put(key: string, value: string): Promise<void>;
  delete(key: string): Promise<void>;
};

/** An invocation has six connections and 1,000 operations; the rest is for the next alarm. */
const WRITES_AT_ONCE = 6;
const MAX_WRITES_PER_RUN = 600;
const WRITE_DEADLINE_MS = 10_000;

export class Copier {
  readonly #store: EntryStore;
  readonly #copies: RouteCopies;
  /** Hosts whose write has not ended, also when nobody waits for it any more: a later one could be overtaken by it. */
  readonly #underWay = new Set<string>();
  /** Rounds in a row in which nothing could be written: then KV is down, and trying the other hosts is useless. */
  #failedRounds = 0;

  constructor(store: EntryStore, copies: RouteCopies) {
    this.#store = store;
    this.#copies = copies;
  }

  /** @returns how long nothing should be tried, 0 = the store says when there is more to do */
  async run(): Promise<number> {
    for (let written = 0; written < MAX_WRITES_PER_RUN; written += WRITES_AT_ONCE) {
      const due = this.#store.dueCopies(Date.now(), WRITES_AT_ONCE);
      if (due.length === 0) return 0;
      const results = await Promise.all(due.map((copy) => this.#write(copy)));
      if (results.includes(true)) {
        this.#failedRounds = 0;
        continue;
      }
      this.#failedRounds += 1;
      return copyRetryMs(this.#failedRounds);
    }
    return COPY_INTERVAL_MS;
  }

  async #write(copy: DueCopy): Promise<boolean> {
    const { host, entry } = copy;
    try {
      if (this.#underWay.has(host)) throw new Error("the write before it has not ended");
      this.#underWay.add(host);
      const key = routeCopyKey(host);
      const write = entry === null ? this.#copies.delete(key) : this.#copies.put(key, formatRouteCopy(entry));
      await withDeadline(
        write.finally(() => this.#underWay.delete(host)),
        WRITE_DEADLINE_MS,
      );
      this.#store.copied(copy, Date.now());
      return true;
    } catch (error) {
      console.warn(`routes: the copy of ${host} could not be written: ${String(error)}`);
      this.#store.copyFailed(copy, Date.now());
      return false;
    }
  }
}

async function withDeadline(write: Promise<void>, deadlineMs: number): Promise<void> {
  const expired = Promise.withResolvers<never>();
  const timer = setTimeout(() => expired.reject(new Error(`no answer within ${deadlineMs} ms`)), deadlineMs);
  try {
    await Promise.race([write, expired.promise]);
  } finally {
    clearTimeout(timer);
  }
}
