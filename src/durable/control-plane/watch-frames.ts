/** What goes to watchers: events as JSON text, of which the objects are never parsed unless a selector has to look. */
import type { WatchFrame } from "../../core/protocol/watch-link.ts";
import { type KubeObject, keyOf } from "../../core/resource/object.ts";
import { type ChangeType, eventTypeOf, type SelectedPart, withPart } from "../../core/resource/watch-event.ts";
import type { WatchStart } from "../../core/resource/watch-start.ts";
import type { LogRow } from "./event-log.ts";
import type { ObjectStore } from "./object-store.ts";
import { covers, type ScopeFilter } from "./watch-scope.ts";

/** An event of a frame, and how far a watcher is with it; null = nowhere yet. */
export type FrameEvent = { readonly text: string; readonly version: number | null };

/** A frame ends with the event that makes it longer than this. */
const FRAME_CHARS = 256 * 1024;
const PART_CHARS = 4 * 1024 * 1024;

/**
 * The events in frames (protocol/watch-link.ts).
 * @param version how far the watcher is after all of them
 */
export function framesOf(events: readonly FrameEvent[], version: number): string[] {
  const frames: string[] = [];
  let texts: string[] = [];
  let chars = 0;
  for (const event of events) {
    texts.push(event.text);
    chars += event.text.length;
    if (chars < FRAME_CHARS) continue;
    frames.push(frameText(event.version, texts));
    texts = [];
    chars = 0;
  }
  frames.push(frameText(version, texts));
  return frames;
}

/** Rows of the log in parts that memory holds beside what else there is. */
export function* partsOf(rows: Iterable<LogRow>): Iterable<readonly LogRow[]> {
  let part: LogRow[] = [];
  let chars = 0;
  for (const row of rows) {
    part.push(row);
    chars += row.body.length;
    if (chars < PART_CHARS) continue;
    yield part;
    part = [];
    chars = 0;
  }
  if (part.length > 0) yield part;
}

/** Rows of the log, each parsed at most once and made into text once per type, whoever asks. */
export class LoggedChanges {
  readonly #changes: readonly LoggedChange[];

  constructor(rows: readonly LogRow[]) {
    this.#changes = rows.map((row) => new LoggedChange(row));
  }

  eventsFor(filter: ScopeFilter): FrameEvent[] {
    return this.#changes.flatMap((change) => change.eventFor(filter) ?? []);
  }
}

/** What a watcher gets before the changes that come; null when it is more than so many characters. */
export function startEvents(
  start: WatchStart,
  filter: ScopeFilter,
  objects: ObjectStore,
  maxChars: number,
): FrameEvent[] | null {
  const events: FrameEvent[] = [];
  let chars = 0;
  for (const event of readStart(start, filter, objects)) {
    chars += event.text.length;
    if (chars > maxChars) return null;
    events.push(event);
  }
  return events;
}

/** One row or object at a time: all that a watch asks for may be more than memory holds. */
function* readStart(start: WatchStart, filter: ScopeFilter, objects: ObjectStore): Iterable<FrameEvent> {
  switch (start.type) {
    case "initial":
      for (const object of currentObjects(filter, objects)) yield eventOfObject("ADDED", object);
      return;
    case "live":
    case "expired":
      return;
    case "replay": {
      const { afterVersion, isEchoed } = start;
      for (const object of isEchoed ? currentObjects(filter, objects) : []) {
        if (object.metadata.resourceVersion === String(afterVersion)) yield eventOfObject("MODIFIED", object);
      }
      yield* eventsOfRows(objects.log.after(afterVersion, filter.kind), filter);
      return;
    }
    case "state": {
      const tombstones = eventsOfRows(objects.log.tombstones(filter.kind, start.afterVersion), filter);
      for (const { text } of tombstones) yield { text, version: null };
      for (const object of currentObjects(filter, objects)) yield eventOfObject("MODIFIED", object);
    }
  }
}

function* eventsOfRows(rows: Iterable<LogRow>, filter: ScopeFilter): Iterable<FrameEvent> {
  for (const row of rows) {
    const event = new LoggedChange(row).eventFor(filter);
    if (event !== null) yield event;
  }
}

class LoggedChange {
  readonly #row: LogRow;
  readonly #texts = new Map<ChangeType, string>();
  #object: KubeObject | null = null;

  constructor(row: LogRow) {
    this.#row = row;
  }

  eventFor(filter: ScopeFilter): FrameEvent | null {
    if (!covers(filter, this.#row)) return null;
    const type = filter.matches === null ? this.#row.type : eventTypeOf(this.#change(), filter.matches);
    return type === null ? null : { text: this.#text(type), version: this.#row.version };
  }

  #change() {
    this.#object ??= JSON.parse(this.#row.body) as KubeObject;
    return { type: this.#row.type, object: this.#object, before: this.#before() };
  }

  #before(): SelectedPart | null {
    return this.#row.before === null ? null : (JSON.parse(this.#row.before) as SelectedPart);
  }

  #text(type: ChangeType): string {
    let text = this.#texts.get(type);
    if (text === undefined) {
      text = eventText(type, this.#bodyFor(type));
      this.#texts.set(type, text);
    }
    return text;
  }

  /** An object that stopped matching leaves as it was when it matched. */
  #bodyFor(type: ChangeType): string {
    const { type: changeType, body } = this.#row;
    if (type !== "DELETED" || changeType === "DELETED") return body;
    const { object, before } = this.#change();
    return before === null ? body : JSON.stringify(withPart(object, before));
  }
}

function* currentObjects(filter: ScopeFilter, objects: ObjectStore): Iterable<KubeObject> {
  const { kind, namespace, name, matches } = filter;
  const isSeen = (object: KubeObject) => covers(filter, keyOf(object)) && (matches === null || matches(object));
  if (namespace !== null && name !== null) {
    const object = objects.get(kind, namespace, name) as KubeObject | null;
    if (object !== null && isSeen(object)) yield object;
    return;
  }
  for (const { object } of objects.scan(kind, namespace, null)) if (isSeen(object)) yield object;
}

function eventOfObject(type: ChangeType, object: KubeObject): FrameEvent {
  return { text: eventText(type, JSON.stringify(object)), version: null };
}

function eventText(type: ChangeType, body: string): string {
  return `{"type":"${type}","object":${body}}`;
}

function frameText(version: WatchFrame["version"], events: readonly string[]): string {
  return `{"version":${version},"events":[${events.join(",")}]}`;
}
