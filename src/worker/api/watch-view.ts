/**
 * Watches of kinds that are computed: while somebody watches, the list is made again and again and compared. Requests of
 * an isolate may not wait for each other's I/O, so each watch makes its own; the more there are, the slower each is.
 */
import type { Outcome } from "../../core/protocol/control-plane.ts";
import { type ApiStatus, failure } from "../../core/resource/api-status.ts";
import type { ViewType } from "../../core/resource/resource-type.ts";
import { parseFieldSelector, parseLabelSelector, type Selectable } from "../../core/resource/selector.ts";
import {
  differenceStart,
  differencesOf,
  digestVersion,
  type Listed,
  withMissing,
} from "../../core/resource/watch-difference.ts";
import type { WatchEvent } from "../../core/resource/watch-event.ts";
import type { WatchRequest } from "../../core/resource/watch-start.ts";

const LOOK_EVERY_MS = 1_000;
/** All watches of an isolate together look no more often than this. */
const LEAST_BETWEEN_LOOKS_MS = 50;
/** Of an isolate: each then looks every ten seconds. */
const MAX_WATCHES = 200;
const RETRY_AFTER_SEC = 10;
/** When the list cannot be made for so long, the watch gives up. */
const GIVE_UP_AFTER_MS = 60_000;

export type ViewItem = Listed & Selectable;

export type ViewWatchOptions = {
  readonly type: ViewType;
  readonly request: WatchRequest;
  readonly labelSelector: string;
  /** All objects of the view in the namespaces that are watched. */
  readonly list: () => Promise<Outcome<readonly ViewItem[]>>;
  /** @param version of the list that the events lead to */
  readonly onEvents: (events: readonly WatchEvent[], version: number) => void;
  readonly onBroken: () => void;
};

/** A request may end without a word to its watch: one that has not looked for so long is gone. */
const GONE_AFTER_MS = 2 * GIVE_UP_AFTER_MS;

/** When each looked last. */
const openWatches = new Map<ViewWatch, number>();

export class ViewWatch {
  readonly #options: ViewWatchOptions;
  readonly #isSelected: (item: ViewItem) => boolean;
  #known: readonly ViewItem[] = [];
  /** Uids of known objects that the last list lacked. */
  #missing: ReadonlySet<string> = new Set();
  #seenAtMs = Date.now();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #isClosed = false;

  private constructor(options: ViewWatchOptions, isSelected: (item: ViewItem) => boolean) {
    this.#options = options;
    this.#isSelected = isSelected;
  }

  /** @returns the watch once its first events were told, or the Status that refuses it */
  static async open(options: ViewWatchOptions): Promise<Outcome<ViewWatch>> {
    const labels = parseLabelSelector(options.labelSelector);
    if (!labels.ok) return { ok: false, status: failure("BadRequest", labels.message) };
    const fields = parseFieldSelector(options.request.fieldSelector, options.type.kind);
    if (!fields.ok) return { ok: false, status: failure("BadRequest", fields.message) };
    const watch = new ViewWatch(options, (item) => labels.matches(item) && fields.matches(item));
    forgetGone(Date.now());
    if (openWatches.size >= MAX_WATCHES) return { ok: false, status: tooMany(options.type) };
    openWatches.set(watch, Date.now());
    try {
      const refusal = await watch.#start();
      if (refusal === null) return { ok: true, value: watch };
      watch.close();
      return { ok: false, status: refusal };
    } catch (error) {
      watch.close();
      throw error;
    }
  }

  close(): void {
    this.#isClosed = true;
    openWatches.delete(this);
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  async #start(): Promise<ApiStatus | null> {
    const { list, request, onEvents } = this.#options;
    const listed = await list();
    if (!listed.ok) return listed.status;
    this.#known = listed.value.filter(this.#isSelected);
    const start = differenceStart(request, this.#known);
    if (!start.ok) return start.status;
    onEvents(start.events, digestVersion(this.#known));
    this.#lookLater();
    return null;
  }

  #lookLater(): void {
    if (this.#isClosed) return;
    openWatches.set(this, Date.now());
    const pauseMs = Math.max(LOOK_EVERY_MS, openWatches.size * LEAST_BETWEEN_LOOKS_MS);
    this.#timer = setTimeout(() => void this.#look(), pauseMs);
  }

  async #look(): Promise<void> {
    const listed = await this.#list();
    if (this.#isClosed) return;
    if (listed === null) {
      if (Date.now() - this.#seenAtMs > GIVE_UP_AFTER_MS) return this.#giveUp();
    } else {
      this.#seenAtMs = Date.now();
      this.#tell(listed);
    }
    this.#lookLater();
  }

  #giveUp(): void {
    this.close();
    this.#options.onBroken();
  }

  #tell(listed: readonly ViewItem[]): void {
    const before = this.#known;
    this.#known = withMissing(before, listed, this.#missing);
    const uids = new Set(listed.map(({ metadata }) => metadata.uid));
    this.#missing = new Set(this.#known.map(({ metadata }) => metadata.uid).filter((uid) => !uids.has(uid)));
    const events = differencesOf(before, this.#known);
    if (events.length > 0) this.#options.onEvents(events, digestVersion(this.#known));
  }

  /** @returns null when they cannot be listed now; the next look may see them */
  async #list(): Promise<readonly ViewItem[] | null> {
    try {
      const listed = await this.#options.list();
      return listed.ok ? listed.value.filter(this.#isSelected) : null;
    } catch {
      return null;
    }
  }
}

function forgetGone(nowMs: number): void {
  for (const [watch, lookedAtMs] of openWatches) if (nowMs - lookedAtMs > GONE_AFTER_MS) openWatches.delete(watch);
}

function tooMany({ plural }: ViewType): ApiStatus {
  const message = `there are ${MAX_WATCHES} watches of computed kinds already; close some of ${plural}, or try again later`;
  return failure("ServiceUnavailable", message, { retryAfterSeconds: RETRY_AFTER_SEC });
}
