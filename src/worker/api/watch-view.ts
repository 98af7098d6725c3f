/** Watches of kinds that are computed: while somebody watches, the list is made again and again and compared. */
import type { Outcome } from "../../core/protocol/control-plane.ts";
import { failure } from "../../core/resource/api-status.ts";
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
    const listed = await options.list();
    if (!listed.ok) return listed;
    watch.#known = listed.value.filter(watch.#isSelected);
    const start = differenceStart(options.request, watch.#known);
    if (!start.ok) return start;
    options.onEvents(start.events, digestVersion(watch.#known));
    watch.#lookLater();
    return { ok: true, value: watch };
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #lookLater(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => void this.#look(), LOOK_EVERY_MS);
  }

  async #look(): Promise<void> {
    const listed = await this.#list();
    if (this.#isClosed) return;
    if (listed === null) {
      if (Date.now() - this.#seenAtMs > GIVE_UP_AFTER_MS) return this.#options.onBroken();
    } else {
      this.#seenAtMs = Date.now();
      this.#tell(listed);
    }
    this.#lookLater();
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
